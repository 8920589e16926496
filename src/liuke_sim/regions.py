"""Where customers live, and how well parcels reach them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Region:
    """A city with its delivery."""

    province: str
    city: str
    weight: float
    """Share of customers, up to a common factor."""
    delivery_days: float
    """Mean days from shipping to the door."""
    late_share: float
    """Share of parcels that miss the promised day in a quiet week."""
    has_store: bool


REGIONS = (
    Region("上海市", "上海市", 9.0, 1.4, 0.03, True),
    Region("浙江省", "杭州市", 8.0, 1.4, 0.03, True),
    Region("浙江省", "宁波市", 4.0, 1.6, 0.04, True),
    Region("江苏省", "南京市", 6.0, 1.6, 0.04, True),
    Region("江苏省", "苏州市", 6.0, 1.5, 0.04, True),
    Region("安徽省", "合肥市", 4.0, 1.9, 0.05, False),
    Region("北京市", "北京市", 7.0, 2.0, 0.05, True),
    Region("天津市", "天津市", 3.0, 2.2, 0.06, False),
    Region("山东省", "济南市", 4.0, 2.2, 0.06, False),
    Region("山东省", "青岛市", 4.0, 2.3, 0.06, False),
    Region("河南省", "郑州市", 5.0, 2.4, 0.07, False),
    Region("湖北省", "武汉市", 5.0, 2.2, 0.06, True),
    Region("湖南省", "长沙市", 4.0, 2.4, 0.06, False),
    Region("广东省", "广州市", 7.0, 2.2, 0.05, True),
    Region("广东省", "深圳市", 7.0, 2.2, 0.05, True),
    Region("福建省", "福州市", 3.0, 2.4, 0.07, False),
    Region("四川省", "成都市", 6.0, 2.9, 0.09, True),
    Region("重庆市", "重庆市", 4.0, 3.0, 0.09, False),
    Region("陕西省", "西安市", 4.0, 3.1, 0.10, False),
    Region("辽宁省", "沈阳市", 3.0, 3.2, 0.10, False),
    Region("黑龙江省", "哈尔滨市", 2.5, 3.8, 0.13, False),
    Region("云南省", "昆明市", 2.5, 3.9, 0.13, False),
    Region("甘肃省", "兰州市", 1.5, 4.4, 0.16, False),
    Region("新疆维吾尔自治区", "乌鲁木齐市", 1.5, 6.2, 0.22, False),
)

WEIGHTS = np.array([region.weight for region in REGIONS])
DELIVERY_DAYS = np.array([region.delivery_days for region in REGIONS])
LATE_SHARES = np.array([region.late_share for region in REGIONS])
HAS_STORE = np.array([region.has_store for region in REGIONS])
DISTRICTS = ("新城区", "东湖区", "西山区", "南岸区", "北辰区", "中山区")
STREETS = ("人民路", "解放路", "建设路", "幸福路", "和平街", "文化路", "滨河路", "学府路")
