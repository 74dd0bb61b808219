// Lists, gets, acts and polls with dots-wrapper; prints what it saw as one line of JSON.
const {createApiClient} = require('dots-wrapper');

const client = createApiClient({token: 'secret', endpoint: process.argv[2] + 'v2'});

async function follow(action) {
  for (let looks = 0; action.status === 'in-progress'; looks++) {
    if (looks > 100) throw new Error(`action ${action.id} does not end`);
    ({data: {action}} = await client.action.getAction({action_id: action.id}));
  }
  return action.status;
}

async function main() {
  const seen = {};
  const {data: {account}} = await client.account.getAccount();
  seen.account = account.status;

  const first = await client.droplet.listDroplets({page: 1, per_page: 5});
  seen.total = first.data.meta.total;
  seen.page = first.data.droplets.length;
  seen.hasNext = Boolean(first.data.links.pages.next);
  const {data: {droplets}} = await client.droplet.listDroplets({tag_name: 'web', per_page: 200});
  seen.web = droplets.map(d => d.name);

  const id = droplets[0].id;
  const {data: {droplet}} = await client.droplet.getDroplet({droplet_id: id});
  seen.before = droplet.status;
  const {data: {action}} = await client.droplet.powerOffDroplet({droplet_id: id});
  seen.started = `${action.type} ${action.status}`;
  seen.ended = await follow(action);
  seen.after = (await client.droplet.getDroplet({droplet_id: id})).data.droplet.status;

  try {
    await client.droplet.powerOffDroplet({droplet_id: id});
  } catch (error) {
    seen.again = `${error.response.status} ${error.response.data.message}`;
  }

  const resized = await client.droplet.resizeDroplet({droplet_id: id, size: 's-4vcpu-8gb', disk: false});
  seen.resized = await follow(resized.data.action);
  seen.size = (await client.droplet.getDroplet({droplet_id: id})).data.droplet.size_slug;
  const taken = await client.droplet.snapshotDroplet({droplet_id: id, name: 'by dots'});
  seen.taken = await follow(taken.data.action);
  seen.snapshot = (await client.droplet.listDropletSnapshots({droplet_id: id})).data.snapshots[0].name;

  const made = await client.droplet.createDroplet({
    name: 'dots-1', region: 'fra1', size: 's-1vcpu-1gb', image: 'debian-12-x64', tags: ['dots'],
  });
  seen.made = made.data.droplet.status;
  seen.booted = await follow({id: made.data.links.actions[0].id, status: 'in-progress'});
  seen.deleted = (await client.droplet.deleteDroplet({droplet_id: made.data.droplet.id})).status;
  seen.sizes = (await client.size.listSizes({per_page: 200})).data.sizes.length;
  seen.images = (await client.image.listImages({type: 'distribution'})).data.images.length;
  seen.neighborhoods = (await client.droplet.listDropletNeighborhoods({})).data.neighbor_ids.length;
  seen.methods = ['droplet', 'action'].flatMap(m => Object.keys(client[m]).map(name => `${m}.${name}`));
  console.log(JSON.stringify(seen));
}

main().catch(error => {
  console.error(error.message, error.response && error.response.data);
  process.exit(1);
});
