"""Drives nacos-sdk-python 3, the package v2.nacos: gRPC."""
import asyncio
import os
import sys

import line

# The client prints; standard output is the test's.
OUT = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

from v2.nacos import (BatchRegisterInstanceParam, ClientConfigBuilder, DeregisterInstanceParam, ListInstanceParam,  # noqa: E402
                      NacosNamingService, RegisterInstanceParam, SubscribeServiceParam)
from v2.nacos.common.client_config import TLSConfig  # noqa: E402


def shown(host):
    return {"ip": host.ip, "port": host.port, "weight": host.weight, "healthy": host.healthy,
            "cluster": host.clusterName, "metadata": host.metadata}


def asked(service, i):
    return RegisterInstanceParam(service_name=service, ip=i["ip"], port=i["port"], weight=i["weight"],
                                 cluster_name=i.get("cluster", ""), metadata=i.get("metadata") or {})


class Driver:
    client = None

    def __init__(self):
        self.watched = {}

    async def open(self, r):
        config = (ClientConfigBuilder().server_address(",".join(r["servers"])).namespace_id("public")
                  .log_dir(os.path.join(r["dir"], "log")).cache_dir(os.path.join(r["dir"], "cache")).load_cache_at_start(False))
        secure = r.get("tls")
        if secure:  # it opens all three files, whether or not the member asks for a certificate
            config.tls_config(TLSConfig(enabled=True, ca_file=secure["ca"], cert_file=secure["cert"], key_file=secure["key"]))
        user = r.get("user")
        if user:
            config.username(user["name"]).password(user["password"])
        settings = config.build().set_update_cache_when_empty(True)  # else the removal of the last instance is hidden
        self.client = await NacosNamingService.create_naming_service(settings)

    async def register(self, r):
        await self.client.register_instance(asked(r["service"], r["instances"][0]))

    async def batch(self, r):
        await self.client.batch_register_instances(
            BatchRegisterInstanceParam(service_name=r["service"], instances=[asked(r["service"], i) for i in r["instances"]]))

    async def deregister(self, r):
        i = r["instances"][0]
        await self.client.deregister_instance(DeregisterInstanceParam(
            service_name=r["service"], ip=i["ip"], port=i["port"], cluster_name=i.get("cluster", "")))

    async def query(self, r):
        found = await self.client.list_instances(ListInstanceParam(
            service_name=r["service"], clusters=r.get("clusters") or [], subscribe=False, healthy_only=True if r.get("healthy") else None))
        return [shown(h) for h in found]

    async def subscribe(self, r):
        clusters = r.get("clusters") or []

        async def changed(hosts):
            line.say(OUT, pushed=True, service=r["service"], clusters=clusters, instances=[shown(h) for h in hosts])

        param = SubscribeServiceParam(service_name=r["service"], clusters=clusters, subscribe_callback=changed)
        self.watched[r["service"]] = param
        await self.client.subscribe(param)

    async def unsubscribe(self, r):
        await self.client.unsubscribe(self.watched[r["service"]])

    async def close(self, _):
        await self.client.shutdown()


async def main():
    driver = Driver()
    requests = line.open_lines(sys.stdin)
    while (r := await asyncio.to_thread(next, requests, None)) is not None:
        try:
            operation = getattr(driver, r["op"], None)
            if operation is None:
                raise line.Absent()
            line.say(OUT, instances=await operation(r))
        except Exception as error:  # whatever the client raises is the answer
            line.say(OUT, **line.failure(error))
    os._exit(0)


asyncio.run(main())
