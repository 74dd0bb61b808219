"""Lists, gets, acts and polls with python-digitalocean; prints what it saw as one line of JSON.

DIGITALOCEAN_END_POINT says where the API is.
"""
import json

import digitalocean

manager = digitalocean.Manager(token="secret")
seen = {"account": manager.get_account().status}


def follow(droplet, answer):
    action = digitalocean.Action.get_object("secret", answer["action"]["id"])
    for _ in range(100):
        if action.status != "in-progress":
            return action.status
        action.load()
    raise SystemExit("action %d does not end" % action.id)


droplets = manager.get_all_droplets()
seen["total"] = len(droplets)
web = manager.get_all_droplets(tag_name="web")
seen["web"] = [d.name for d in web]

droplet = manager.get_droplet(web[0].id)
seen["before"] = droplet.status
answer = droplet.power_off()
seen["started"] = "%(type)s %(status)s" % answer["action"]
seen["ended"] = follow(droplet, answer)
seen["after"] = manager.get_droplet(droplet.id).status
try:
    droplet.power_off()
except digitalocean.DataReadError as error:
    seen["again"] = str(error)

seen["resized"] = follow(droplet, droplet.resize("s-4vcpu-8gb", disk=False))
seen["size"] = manager.get_droplet(droplet.id).size_slug
seen["taken"] = follow(droplet, droplet.take_snapshot("by python"))
snapshot = manager.get_droplet(droplet.id).get_snapshots()[-1]
seen["snapshot"] = manager.get_image(snapshot.id).name

made = digitalocean.Droplet(
    token="secret", name="python-1", region="fra1", size_slug="s-1vcpu-1gb", image="debian-12-x64", tags=["python"]
)
made.create()
seen["booted"] = digitalocean.Action.get_object("secret", made.action_ids[0]).status
seen["deleted"] = made.destroy()
seen["sizes"] = len(manager.get_all_sizes())
seen["images"] = len(manager.get_distro_images())
seen["actions"] = len(droplet.get_actions()) > 10
seen["methods"] = [
    "%s.%s" % (of.__name__, name)
    for of in (digitalocean.Droplet, digitalocean.Action)
    for name in dir(of)
    if not name.startswith("_") and callable(getattr(of, name))
]
print(json.dumps(seen))
