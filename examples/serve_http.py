"""Serve a model over HTTP without Keras, and ask it: the answer, and how sure it is.

Run with: python examples/serve_http.py [EPOCHS]
Needs the extras "tensorflow" and "studies", and FastAPI, httpx and uvicorn.
"""

import sys
import tempfile
import threading
import time

import httpx
import keras
import tensorflow as tf
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, Field

import keras_regnoise as krn
from keras_regnoise.datasets import load_digits


class Question(BaseModel):
    images: list[list[float]]
    draws: int = Field(0, ge=0, le=100)  # of the noise; 0 for the usual answer


def create_app(folder: str) -> FastAPI:
    app, served = FastAPI(), tf.saved_model.load(folder)

    @app.post("/predict")
    def predict(question: Question) -> dict[str, list]:
        x = tf.constant(question.images)
        draws = [served.monte_carlo(x) for _ in range(question.draws)]
        draws = tf.stack(draws or [served.serve(x)])
        mean, spread = tf.reduce_mean(draws, 0), tf.math.reduce_std(draws, 0)
        return {"mean": mean.numpy().tolist(), "spread": spread.numpy().tolist()}

    return app


def export(model: keras.Model, folder: str) -> None:
    """Write a SavedModel of two signatures: without the noise, and with it."""
    archive = keras.export.ExportArchive()
    archive.track(model)
    inputs = [tf.TensorSpec((None, 64), tf.float32)]
    archive.add_endpoint("serve", lambda x: model(x, training=False), inputs)
    archive.add_endpoint("monte_carlo", lambda x: model(x, training=True), inputs)
    archive.write_out(folder, verbose=False)


def main(epochs: int = 30) -> None:
    train, _, test = load_digits()
    dense, noise = keras.layers.Dense, krn.RotationOut(0.3, seed=1)
    hidden, head = dense(128, activation="relu"), dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((64,)), hidden, noise, head])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(train.x.reshape(-1, 64), train.y, epochs=epochs, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        export(model, folder)
        config = uvicorn.Config(create_app(folder), port=0, log_level="error")
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    question = {"images": test.x[:1].reshape(-1, 64).tolist(), "draws": 50}
    answer = httpx.post(f"http://127.0.0.1:{port}/predict", json=question, timeout=60)
    (means,), (spreads,) = answer.raise_for_status().json().values()
    server.should_exit = True
    mean, spread, best = max(zip(means, spreads, range(10), strict=True))
    print(f"answer {best} with {mean:.2f}, spread {spread:.2f}; truth {test.y[0]}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

# Output:
# answer 0 with 0.97, spread 0.14; truth 0
