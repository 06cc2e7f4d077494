"""A model that is served, and one that cannot be loaded."""

from mlserver import MLModel
from mlserver.types import InferenceResponse, ResponseOutput


class Fraud(MLModel):
    async def load(self):
        return True

    async def predict(self, payload):
        output = ResponseOutput(name="score", shape=[1], datatype="FP32", data=[0.9])
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=[output])


class Broken(MLModel):
    async def load(self):
        raise RuntimeError("weights are missing")
