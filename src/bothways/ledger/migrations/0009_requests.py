
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0008_webhooks'),
    ]

    operations = [
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace_id', models.BigIntegerField(db_default=1, default=1)),
                ('name', models.TextField(unique=True)),
                ('beat_at', models.FloatField()),
            ],
            options={
                'db_table': 'worker',
            },
        ),
        migrations.AddField(
            model_name='workspace',
            name='paused_at',
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
        migrations.CreateModel(
            name='Request',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace_id', models.BigIntegerField(db_default=1, default=1)),
                ('kind', models.TextField()),
                ('parameters', models.JSONField(default=dict)),
                ('asked_by', models.TextField(default='')),
                ('asked_at', models.FloatField()),
                ('state', models.TextField(default='asked')),
                ('worker', models.TextField(default='')),
                ('begun_at', models.FloatField(null=True)),
                ('ended_at', models.FloatField(null=True)),
                ('progress', models.JSONField(null=True)),
                ('answer', models.JSONField(null=True)),
                ('error', models.JSONField(null=True)),
                ('sync', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='ledger.sync')),
            ],
            options={
                'db_table': 'request',
                'indexes': [models.Index(condition=models.Q(('state__in', ('asked', 'at work'))), fields=['sync', 'id'], name='request_open')],
            },
        ),
    ]
