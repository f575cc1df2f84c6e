from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0016_same_account'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='look',
            field=models.TextField(db_default='', default=''),
        ),
    ]
