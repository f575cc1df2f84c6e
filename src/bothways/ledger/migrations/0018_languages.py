from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0017_access'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='language',
            field=models.TextField(db_default='', default=''),
        ),
        migrations.AddField(
            model_name='account',
            name='time_zone',
            field=models.TextField(db_default='', default=''),
        ),
    ]
