from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0023_history'),
    ]

    operations = [
        migrations.AddField(
            model_name='apart',
            name='left_out_at',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='apart',
            name='author',
            field=models.TextField(db_default='', default=''),
        ),
        migrations.AddField(
            model_name='apart',
            name='hold_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='apart',
            name='held',
            field=models.TextField(db_default='', default=''),
        ),
    ]
