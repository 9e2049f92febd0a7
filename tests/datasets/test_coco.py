"""COCO, from annotations in its format."""

import io
import json

import numpy as np
import pytest

pytest.importorskip("tensorflow")
pytest.importorskip("PIL")

from PIL import Image

from keras_regnoise.datasets import is_here, load
from tests.helpers import to_numpy

SHAPES = ((80, 160), (320, 160), (100, 100))
CATEGORIES = [{"id": 18, "name": "dog"}, {"id": 3, "name": "car"}]


def write(folder, counts=(20, 6)):
    """Gray images with one bright box each, and a second one in every other image."""
    place = folder / "coco"
    (place / "annotations").mkdir(parents=True)
    for part, count in zip(("train2017", "val2017"), counts, strict=True):
        (place / part).mkdir()
        images, boxes = [], []
        for number in range(count):
            height, width = SHAPES[number % 3]
            image = np.full((height, width, 3), 20, "uint8")
            x, y = 10 + number, 20
            image[y : y + 30, x : x + 40] = 250
            stream = io.BytesIO()
            Image.fromarray(image).save(stream, "PNG")
            (place / part / f"{number:012d}.jpg").write_bytes(stream.getvalue())
            size = {"height": height, "width": width}
            images.append({"id": number, "file_name": f"{number:012d}.jpg"} | size)
            category = (3, 18)[number % 2]
            box = {"image_id": number, "category_id": category, "iscrowd": 0}
            boxes.append(box | {"bbox": [x, y, 40, 30]})
            if number % 2:
                boxes.append(box | {"bbox": [0, 0, 5.5, 6], "category_id": 3})
            boxes.append(box | {"bbox": [1, 1, 2, 2], "iscrowd": 1})
        content = {"images": images, "annotations": boxes, "categories": CATEGORIES}
        file = place / "annotations" / f"instances_{part}.json"
        file.write_text(json.dumps(content))
    return place


def test_boxes_lie_where_the_images_have_them(tmp_path):
    assert not is_here("coco/2017", tmp_path)
    write(tmp_path)
    assert is_here("coco/2017", tmp_path)
    data = load("coco/2017", tmp_path)
    assert data.sizes == {"train": 18, "validation": 2, "test": 6}
    assert (data.classes, data.shape) == (2, (640, 640, 3))
    seen = 0
    for x, y in data.batches("test", 4):
        images, boxes, labels = to_numpy(x), to_numpy(y["boxes"]), to_numpy(y["labels"])
        assert images.shape[1:] == (640, 640, 3)
        assert boxes.shape[1:] == (2, 4)
        for image, of_image, classes in zip(images, boxes, labels, strict=True):
            left, top, right, bottom = of_image[0]
            bright = np.argwhere(image[..., 0] > 0.5)
            found = [*bright.min(0)[::-1], *(bright.max(0)[::-1] + 1)]
            np.testing.assert_allclose(found, [left, top, right, bottom], atol=4)
            # car is 0 and dog is 1, in the order of their numbers.
            assert classes.tolist() == ([1, 0] if seen % 2 else [0, -1])
            if not seen % 2:
                assert (of_image[1] == 0).all()
            seen += 1
    assert seen == 6


def test_order_and_size(tmp_path):
    write(tmp_path)
    data = load("coco/2017", tmp_path, examples=10, test_examples=3)
    assert data.sizes == {"train": 10, "validation": 2, "test": 3}

    def epochs(**options):
        batches = data.batches("train", 5, seed=1, **options)
        return [
            np.concatenate([to_numpy(y["boxes"]) for _, y in batches]) for _ in "12"
        ]

    first, second = epochs()
    np.testing.assert_array_equal(epochs(initial_epoch=1)[0], second)
    assert (first != second).any()
    assert sorted(first.ravel()) == sorted(second.ravel())
    with pytest.raises(ValueError, match="would leave the boxes where they are"):
        data.batches("train", 5, seed=1, augmentation=["flip"])


def test_files_that_do_not_fit(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"19 GB to download. Fetch train2017"):
        load("coco/2017", tmp_path)
    place = write(tmp_path)
    file = place / "annotations" / "instances_val2017.json"
    file.write_text('{"images": [')
    with pytest.raises(ValueError, match=r"val2017\.json is not whole"):
        load("coco/2017", tmp_path)
    file.write_text('{"images": []}')
    with pytest.raises(ValueError, match="has no annotations, categories"):
        load("coco/2017", tmp_path)
    file.unlink()
    with pytest.raises(FileNotFoundError, match=r"must have val2017/\*\.jpg and"):
        load("coco/2017", tmp_path)


def test_the_fingerprint_is_of_what_is_read_and_not_of_where(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        write(folder)
    fingerprint = load("coco/2017", first).fingerprint
    assert load("coco/2017", second).fingerprint == fingerprint
    file = second / "coco" / "annotations" / "instances_val2017.json"
    content = json.loads(file.read_text())
    content["annotations"][0]["bbox"][0] += 1
    file.write_text(json.dumps(content))
    assert load("coco/2017", second).fingerprint != fingerprint
