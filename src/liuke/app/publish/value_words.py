"""Words for values that many shops write the same way: levels, channels, tiers, categories.

A value that isn't here is the shop's own word and is shown as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping

VALUE_WORDS: Mapping[str, tuple[str, str]] = {
    # warning levels
    "red": ("红色", "red"),
    "orange": ("橙色", "orange"),
    "yellow": ("黄色", "yellow"),
    "blue": ("蓝色", "blue"),
    # channels
    "app": ("App", "app"),
    "web": ("网站", "website"),
    "store": ("门店", "store"),
    "mini_program": ("小程序", "mini program"),
    "wechat": ("微信", "WeChat"),
    "wecom": ("企业微信", "WeCom"),
    "douyin": ("抖音", "Douyin"),
    "tmall": ("天猫", "Tmall"),
    "jd": ("京东", "JD"),
    "email": ("邮件", "e-mail"),
    "sms": ("短信", "text message"),
    "phone": ("电话", "phone"),
    "push": ("推送", "push message"),
    # people
    "female": ("女", "female"),
    "male": ("男", "male"),
    # tiers
    "normal": ("普通", "regular"),
    "silver": ("银卡", "silver"),
    "gold": ("金卡", "gold"),
    "platinum": ("白金卡", "platinum"),
    "diamond": ("钻石卡", "diamond"),
    # categories
    "formula": ("奶粉", "formula"),
    "nappies": ("纸尿裤", "nappies"),
    "wipes": ("湿巾", "wipes"),
    "weaning": ("辅食", "weaning food"),
    "care": ("洗护", "care"),
    "feeding": ("喂养用品", "feeding"),
    "maternity": ("孕产", "maternity"),
    "toys": ("玩具", "toys"),
    "clothes": ("服装", "clothes"),
    "books": ("图书", "books"),
    "gear": ("出行用品", "gear"),
    "gifts": ("礼品", "gifts"),
}
"""Value → (Chinese, English). The console has the same list (`values` in `web/src/i18n`); a test compares them."""

NAMED_COLUMNS = ("level", "channel", "gender", "member_tier", "category", "subcategory", "product.category")
"""Columns of profiles and events whose values are looked up in it."""
