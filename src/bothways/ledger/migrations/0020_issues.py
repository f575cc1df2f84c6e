from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0019_settings'),
    ]

    operations = [
        migrations.CreateModel(
            name='Ignored',
            fields=[
                ('workspace_id', models.BigIntegerField(db_default=1, default=1)),
                ('hold_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('at', models.FloatField()),
                ('author', models.TextField(default='')),
                ('left_id', models.TextField(null=True)),
                ('right_id', models.TextField(null=True)),
                ('sync', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to='ledger.sync')),
            ],
            options={
                'db_table': 'ignored',
            },
        ),
        migrations.CreateModel(
            name='Mend',
            fields=[
                ('workspace_id', models.BigIntegerField(db_default=1, default=1)),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('digest', models.TextField()),
                ('kind', models.TextField()),
                ('rule', models.TextField()),
                ('field', models.TextField()),
                ('cause', models.TextField()),
                ('reason', models.TextField()),
                ('how', models.TextField()),
                ('author', models.TextField(default='')),
                ('at', models.FloatField()),
                ('total', models.IntegerField()),
                ('sync', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to='ledger.sync')),
            ],
            options={
                'db_table': 'mend',
            },
        ),
        migrations.CreateModel(
            name='Mended',
            fields=[
                ('workspace_id', models.BigIntegerField(db_default=1, default=1)),
                ('pk', models.CompositePrimaryKey('mend_id', 'hold_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('hold_id', models.BigIntegerField()),
                ('tries', models.IntegerField()),
                ('mend', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='ledger.mend')),
            ],
            options={
                'db_table': 'mended',
                'indexes': [models.Index(fields=['hold_id'], name='mended_hold')],
            },
        ),
    ]
