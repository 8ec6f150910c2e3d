"""What CloudWatch, X-Ray and an OTLP collector are in the cloud, for one sandbox, in memory.

Parts say what they measure in embedded metric format (`emf`): pods and functions in their logs, the
front door and the gateway in datagrams, and the rest is asked (`probes`). `store` keeps it,
`alarms` judges it by the declared rules, `server` shows it.
"""
