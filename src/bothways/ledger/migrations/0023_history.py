import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0022_tallies'),
    ]

    operations = [
        migrations.AddField('workspace', 'pruned_at', models.FloatField(db_default=0.0, default=0.0)),
        migrations.AddField('workspace', 'pruned_to', models.BigIntegerField(db_default=0, default=0)),
        migrations.AddField('workspace', 'looked_anew_at', models.FloatField(db_default=0.0, default=0.0)),
        migrations.AddIndex('link', models.Index(fields=['came_from'], condition=Q(came_from__isnull=False), name='link_came_from')),
        migrations.CreateModel(
            name='Pruned',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace_id', models.BigIntegerField(db_default=1, default=1)),
                ('gone_before', models.FloatField()),
                ('last_run', models.BigIntegerField()),
                ('sync', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to='ledger.sync')),
            ],
            options={
                'db_table': 'pruned',
            },
        ),
    ]
