import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0020_issues'),
    ]

    operations = [
        migrations.CreateModel(
            name='Halt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace_id', models.BigIntegerField(db_default=1, default=1)),
                ('stopped', models.BooleanField()),
                ('by', models.TextField()),
                ('at', models.FloatField()),
                ('sync', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to='ledger.sync')),
            ],
            options={
                'db_table': 'halt',
            },
        ),
    ]
