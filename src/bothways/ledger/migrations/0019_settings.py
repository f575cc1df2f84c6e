import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0018_languages'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='look',
            field=models.TextField(db_default='', default=''),
        ),
        migrations.CreateModel(
            name='Identity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace_id', models.BigIntegerField(db_default=1, default=1)),
                ('issuer', models.TextField()),
                ('subject', models.TextField()),
                ('by_rule', models.BooleanField(db_default=False, default=False)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='ledger.account')),
            ],
            options={
                'db_table': 'identity',
                'constraints': [models.UniqueConstraint(fields=('issuer', 'subject'), name='identity_one')],
            },
        ),
    ]
