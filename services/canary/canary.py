"""What CloudWatch Synthetics calls: a purchase with the token from Secrets Manager.

A run that raises has failed. SHOP_URL is where visitors see the shop, TOKEN_SECRET the secret.
"""

from __future__ import annotations

import json
import os

import boto3
from buy import buy


def handler(event: object, context: object) -> str:
    """Buy once; raises BrokenError that names the step."""
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["TOKEN_SECRET"])
    bought = buy(os.environ["SHOP_URL"], json.loads(secret["SecretString"])["token"])
    print(json.dumps(bought))
    return str(bought["order"])
