"""Emitters that a program declares for its run, and what the bridge says about them."""

import logging

import pytest

import hivewatch_bridge as hivewatch
from hivewatch_bridge.emitters import GeoEmitter, MLflowEmitter, SSEEmitter, WandbEmitter


def declared(server, emitters, **kwargs):
    """What the bridge is told with the start of a run."""
    hivewatch.init(emitters=emitters, endpoint=server.endpoint, verbose=False, **kwargs)
    assert hivewatch.finish()
    return server.of("init")[-1].get("emitters")


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_declarations_go_with_the_start_of_the_run(server, caplog):
    emitters = [
        WandbEmitter(
            project="p", entity="team", tags=["a", "b"], config={"lr": 0.1, "deep": {"x": None}}, log_geo=True
        ),
        MLflowEmitter("http://localhost:5000", experiment="e", tags={"k": "v"}, mlflow_system_metrics=True),
    ]
    assert declared(server, emitters) == [
        {
            "name": "wandb",
            "options": {
                "project": "p",
                "entity": "team",
                "tags": ["a", "b"],
                "config": {"lr": 0.1, "deep": {"x": None}},
                "log_geo": True,
            },
        },
        {
            "name": "mlflow",
            "options": {
                "tracking_uri": "http://localhost:5000",
                "experiment": "e",
                "tags": {"k": "v"},
                "mlflow_system_metrics": True,
            },
        },
    ]
    assert warnings(caplog) == []


def test_what_is_a_default_is_left_to_the_bridge(server):
    assert declared(server, (each for each in (WandbEmitter(), MLflowEmitter(log_geo=False)))) == [
        {"name": "wandb", "options": {}},
        {"name": "mlflow", "options": {}},
    ]


@pytest.mark.parametrize("emitters", [None, [], [WandbEmitter(mode="disabled")], [GeoEmitter()], [SSEEmitter()]])
def test_without_a_need_nothing_is_declared(server, caplog, emitters):
    assert declared(server, emitters) is None
    assert warnings(caplog) == []


def test_arguments_are_attributes_too():
    assert (WandbEmitter("x").project, MLflowEmitter().experiment, GeoEmitter(port=1).port) == ("x", "hivewatch", 1)


def test_the_log_says_which_arguments_of_the_map_have_no_meaning(server, caplog):
    assert declared(server, [GeoEmitter(host="127.0.0.1", port=7070, runs_dir="elsewhere", serve_map=False)]) is None
    (message,) = warnings(caplog)
    assert message.startswith("GeoEmitter: host, runs_dir, serve_map: no meaning here")


def test_secrets_stay_here(server, caplog):
    emitters = [
        MLflowEmitter(
            "https://me:hunter2@mlflow.example:443/base?token=hunter2",
            tags={"password": "hunter2", "team": "x"},
        ),
        WandbEmitter(
            config={
                "apiKey": "hunter2",
                "WANDB_API_KEY": "hunter2",
                "nested": [{"db": "postgres://me:hunter2@db/x", "access-key": "hunter2", "max_token": 512}],
                "accesstoken": "hunter2",
                "urls": ["https://me:a@hunter2@x/y", "https://me:a/hunter2@x", "http://x/y"],
                "Passwords": ["hunter2"],
                "tokenizer": "bpe",
                "key": "v",
            }
        ),
    ]
    mlflow, wandb = declared(server, emitters)
    assert mlflow["options"] == {"tracking_uri": "https://mlflow.example:443/base", "tags": {"team": "x"}}
    assert wandb["options"]["config"] == {
        "nested": [{"db": "postgres://db/x", "max_token": 512}],
        "urls": ["https://x/y", None, "http://x/y"],
        "tokenizer": "bpe",
        "key": "v",
    }
    assert "hunter2" not in str(server.events) + str(warnings(caplog))
    assert any("environment of the bridge" in message for message in warnings(caplog))


class Hostile:
    def __iter__(self):
        raise RuntimeError("no")

    def __bool__(self):
        raise RuntimeError("no")

    def __getattr__(self, name):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("emitters", "kept"),
    [
        ([WandbEmitter(project=object(), group="g"), MLflowEmitter(tags=Hostile())], [{"group": "g"}, {}]),
        ([WandbEmitter(config={"x": "y" * 100_000})], [{}]),
        ([WandbEmitter("a"), WandbEmitter("b")], [{"project": "a"}]),
        ([object(), "wandb", None, Hostile, MLflowEmitter()], [{}]),
    ],
)
def test_what_is_of_no_use_costs_itself_alone(server, caplog, emitters, kept):
    emitters = [Hostile() if each is Hostile else each for each in emitters]
    assert [each["options"] for each in declared(server, emitters)] == kept
    assert warnings(caplog)


@pytest.mark.parametrize("make", [lambda: 5, Hostile, WandbEmitter])
def test_what_is_no_list_of_emitters_is_dropped(server, caplog, make):
    assert declared(server, make()) is None
    assert warnings(caplog) == ["emitters was dropped: it must be a list of emitters."]


def test_what_the_bridge_says_of_them_is_logged_once(server, caplog):
    caplog.set_level(logging.INFO)
    server.notices = (("warning", "npm install it"), ("info", "sent to W&B"), ("of a newer bridge", "odd\n127.0.0.1:1"))
    with hivewatch.init(run_id="run", endpoint=server.endpoint, verbose=False) as run:
        for round in range(3):
            run.log_round(round)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "HiveWatch, run run: npm install it"),
        ("INFO", "HiveWatch, run run: sent to W&B"),
        ("WARNING", "HiveWatch, run run: odd 127.0.0.1:1"),
    ]


def test_disabled_means_that_nothing_is_declared(server, monkeypatch, caplog):
    monkeypatch.setenv("HIVEWATCH_DISABLED", "1")
    run = hivewatch.init(emitters=[GeoEmitter(port=5), object()])
    assert run.finish()
    assert caplog.records == []
    assert list(run.emitters) == []
