"""Drives nacos-sdk-python 2 by its older half, the package nacos: HTTP and beats.

It has no push: a subscription asks again and again, here every second.
"""
import os
import sys

import line

# The client prints; standard output is the test's.
OUT = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

import nacos  # noqa: E402
from nacos.listener import SubscribeListener  # noqa: E402

BEAT = 5  # seconds; without a number it sends none
ASK = 1  # seconds


def shown(host):
    return {"ip": host["ip"], "port": host["port"], "weight": host["weight"], "healthy": host["healthy"],
            "cluster": host["clusterName"], "metadata": host.get("metadata") or {}}


class Driver:
    client = None

    def open(self, r):
        scheme = "https://" if r.get("tls") else ""  # it verifies nothing, and has no setting for that
        if scheme and r["tls"].get("mutual"):
            raise line.Absent()  # it makes the context of each call itself
        user = r.get("user") or {}
        servers = ",".join(scheme + s for s in r["servers"])
        self.client = nacos.NacosClient(servers, namespace="public", username=user.get("name"), password=user.get("password"),
                                        logDir=r["dir"])

    def register(self, r):
        i = r["instances"][0]
        if not self.client.add_naming_instance(r["service"], i["ip"], i["port"], cluster_name=i.get("cluster"), weight=i["weight"],
                                               metadata=i.get("metadata"), heartbeat_interval=BEAT):
            raise RuntimeError("the member said no")

    def deregister(self, r):
        i = r["instances"][0]
        if not self.client.remove_naming_instance(r["service"], i["ip"], i["port"], cluster_name=i.get("cluster")):
            raise RuntimeError("the member said no")

    def query(self, r):
        clusters = ",".join(r.get("clusters") or []) or None
        found = self.client.list_naming_instance(r["service"], clusters, healthy_only=r.get("healthy", False))
        return [shown(h) for h in found["hosts"]]

    def subscribe(self, r):
        clusters = r.get("clusters") or []

        def changed(_event, _instance):
            known = self.client.subscribed_local_manager.get_local_instances(r["service"]) or {}
            line.say(OUT, pushed=True, service=r["service"], clusters=clusters, instances=[shown(k.instance) for k in known.values()])

        self.client.subscribe(SubscribeListener(changed, "driver"), ASK, service_name=r["service"], clusters=",".join(clusters) or None)

    def unsubscribe(self, r):
        self.client.unsubscribe(r["service"], "driver")


def main():
    driver = Driver()
    for r in line.open_lines(sys.stdin):
        try:
            operation = getattr(driver, r["op"], None)
            if operation is None:
                raise line.Absent()
            line.say(OUT, instances=operation(r))
        except Exception as error:  # whatever the client raises is the answer
            line.say(OUT, **line.failure(error))
    os._exit(0)


main()
