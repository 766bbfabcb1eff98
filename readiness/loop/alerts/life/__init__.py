"""The life of alerts: who carries each at an instant, what people do about it, and what there is to tell."""
