import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0006_leads'),
    ]

    operations = [
        migrations.CreateModel(
            name='Hinted',
            fields=[
                ('workspace_id', models.BigIntegerField(db_default=1, default=1)),
                ('pk', models.CompositePrimaryKey('feed_id', 'record_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('feed', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='ledger.feed')),
                ('record_id', models.TextField()),
                ('told_at', models.FloatField()),
            ],
            options={
                'db_table': 'hinted',
            },
        ),
        migrations.RemoveField(
            model_name='sync',
            name='ended_at',
        ),
        migrations.AddField(
            model_name='connection',
            name='failed',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='connection',
            name='rests_until',
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
        migrations.AddField(
            model_name='connection',
            name='trouble',
            field=models.TextField(db_default='', default=''),
        ),
        migrations.AddField(
            model_name='feed',
            name='asked_at',
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
        migrations.AddField(
            model_name='feed',
            name='beat_at',
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
        migrations.AddField(
            model_name='feed',
            name='due_at',
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
        migrations.AddField(
            model_name='feed',
            name='failed',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='feed',
            name='taken_at',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='feed',
            name='worker',
            field=models.TextField(db_default='', default=''),
        ),
        migrations.AddField(
            model_name='sync',
            name='asked_at',
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
        migrations.AddField(
            model_name='sync',
            name='beat_at',
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
        migrations.AddField(
            model_name='sync',
            name='failed',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='sync',
            name='taken_at',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='sync',
            name='worker',
            field=models.TextField(db_default='', default=''),
        ),
        migrations.AlterField(
            model_name='sync',
            name='due_at',
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
        migrations.AddIndex(
            model_name='feed',
            index=models.Index(fields=['due_at'], name='feed_due'),
        ),
        migrations.AddIndex(
            model_name='sync',
            index=models.Index(fields=['due_at'], name='sync_due'),
        ),
    ]
