"""Typed, validated stack settings; `load` is the only way in.

One structured key a tier (`shop:network`, `shop:data`, `shop:recommendations`, `shop:edge`,
`shop:web`, `shop:pipeline`, `shop:observability`) and `shop:runs_on`, read from the stack's own
Pulumi.<stack>.yaml. Secrets do not belong here: the program makes them.
"""

from .data import CacheSettings, DatabaseSettings, DataSettings, RotationSettings
from .edge import EdgeSettings, FirewallSettings, ZoneSettings
from .functions import FunctionSettings
from .network import NetworkSettings
from .observability import (
    AccountSettings,
    BackupSettings,
    CanarySettings,
    ObservabilitySettings,
)
from .pipeline import PipelineSettings, SourceSettings, StateSettings, StepSettings
from .recommendations import (
    PauseSettings,
    RecommendationsSettings,
    RouteSettings,
    TrainingSettings,
)
from .shop import ShopSettings
from .stack import Settings, SettingsError, load
from .traffic import BalancerSettings, FleetSettings, PoolSettings
from .web import ClusterSettings, MailSettings, NodeSettings, WebSettings, WorkloadSettings

__all__ = [
    "AccountSettings",
    "BackupSettings",
    "BalancerSettings",
    "CacheSettings",
    "CanarySettings",
    "ClusterSettings",
    "DataSettings",
    "DatabaseSettings",
    "EdgeSettings",
    "FirewallSettings",
    "FleetSettings",
    "FunctionSettings",
    "MailSettings",
    "NetworkSettings",
    "NodeSettings",
    "ObservabilitySettings",
    "PauseSettings",
    "PipelineSettings",
    "PoolSettings",
    "RecommendationsSettings",
    "RotationSettings",
    "RouteSettings",
    "Settings",
    "SettingsError",
    "ShopSettings",
    "SourceSettings",
    "StateSettings",
    "StepSettings",
    "TrainingSettings",
    "WebSettings",
    "WorkloadSettings",
    "ZoneSettings",
    "load",
]
