import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0024_left_out'),
    ]

    operations = [
        migrations.CreateModel(
            name='Chronicle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace_id', models.BigIntegerField(db_default=1, default=1)),
                ('position', models.TextField(db_default='', default='')),
                ('read_at', models.FloatField(db_default=0.0, default=0.0)),
                ('lost_at', models.FloatField(db_default=0.0, default=0.0)),
                ('lost', models.TextField(db_default='', default='')),
                ('due_at', models.FloatField(db_default=0.0, default=0.0)),
                ('failed', models.IntegerField(db_default=0, default=0)),
                ('trouble', models.TextField(db_default='', default='')),
                ('wanted', models.TextField(db_default='', default='')),
                ('check_at', models.FloatField(db_default=0.0, default=0.0)),
                ('own', models.JSONField(default=list)),
                ('connection', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to='ledger.connection')),
            ],
            options={
                'db_table': 'chronicle',
            },
        ),
    ]
