from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0011_proofs'),
    ]

    operations = [
        migrations.CreateModel(
            name='Allowance',
            fields=[
                ('workspace_id', models.BigIntegerField(db_default=1, default=1)),
                ('pk', models.CompositePrimaryKey('workspace_id', 'connection', blank=True, editable=False, primary_key=True, serialize=False)),
                ('connection', models.TextField()),
                ('state', models.TextField()),
                ('version', models.BigIntegerField(default=0)),
            ],
            options={
                'db_table': 'allowance',
            },
        ),
    ]
