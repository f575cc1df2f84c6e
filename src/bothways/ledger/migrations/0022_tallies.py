from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0021_halts'),
    ]

    operations = [
        migrations.AddIndex('seen', models.Index(fields=['feed', 'record_id'], condition=~Q(state='live'), name='seen_not_live')),
        migrations.AddIndex('link', models.Index(fields=['sync', 'id'], condition=Q(state='pending'), name='link_pending')),
        migrations.AddIndex('link', models.Index(fields=['sync', 'id'], condition=Q(frozen__gt=''), name='link_frozen')),
        migrations.AddIndex('journal', models.Index(fields=['run_id', 'kind', 'side'], condition=Q(state='done'), name='journal_written')),
        migrations.AddIndex('journal', models.Index(fields=['sync', 'done_at', 'kind', 'side'], condition=Q(state='done'), name='journal_done')),
        migrations.CreateModel(
            name='Delay',
            fields=[
                ('workspace_id', models.BigIntegerField(db_default=1, default=1)),
                ('pk', models.CompositePrimaryKey('sync_id', 'hour', blank=True, editable=False, primary_key=True, serialize=False)),
                ('hour', models.BigIntegerField()),
                ('counts', models.TextField()),
                ('worst', models.FloatField()),
                ('sync', models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.deletion.CASCADE, to='ledger.sync')),
            ],
            options={
                'db_table': 'delay',
            },
        ),
        migrations.CreateModel(
            name='Called',
            fields=[
                ('workspace_id', models.BigIntegerField(db_default=1, default=1)),
                ('pk', models.CompositePrimaryKey('workspace_id', 'connection', 'hour', blank=True, editable=False, primary_key=True, serialize=False)),
                ('connection', models.TextField()),
                ('hour', models.BigIntegerField()),
                ('calls', models.BigIntegerField()),
            ],
            options={
                'db_table': 'called',
            },
        ),
    ]
