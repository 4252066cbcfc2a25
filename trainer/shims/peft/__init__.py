"""Stands in for peft, which the JAX backend uses to write adapter_config.json and for nothing else (skyrl/tx/utils/models.py)."""

import json
import pathlib


class LoraConfig:
    def __init__(self, base_model_name_or_path=None, r=8, lora_alpha=8, **others):
        self.fields = {
            "peft_type": "LORA",
            "task_type": None,
            "base_model_name_or_path": base_model_name_or_path,
            "r": r,
            "lora_alpha": lora_alpha,
            "lora_dropout": 0.0,
            "bias": "none",
            "target_modules": None,
            "inference_mode": True,
            "fan_in_fan_out": False,
            "use_rslora": False,
            **others,
        }

    def save_pretrained(self, folder):
        text = json.dumps(self.fields, indent=2, sort_keys=True)
        pathlib.Path(folder, "adapter_config.json").write_text(text)
