package digitalocean

import (
	"encoding/json"
	"regexp"
	"slices"
)

// actionRequest is the body of an action POST, checked field by field.
type actionRequest struct {
	Type   string
	kind   *actionType
	Name   string
	Size   string
	Disk   bool
	Image  imageRef
	Kernel int
	Policy *BackupPolicy

	image Image // that Image stood for when the action was admitted
}

// imageRef is an image by ID or, for public images, by slug.
type imageRef struct {
	ID   int
	Slug string
}

func (w *world) imageAt(ref imageRef) *Image {
	if ref.Slug != "" {
		return w.imageBySlug(ref.Slug)
	}
	return w.image(ref.ID)
}

// object is a JSON object whose fields are taken out one by one; what is left is unknown.
type object map[string]json.RawMessage

func (c *call) readObject() (object, *refusal) {
	var o object
	if err := json.Unmarshal(c.body, &o); err != nil || o == nil {
		return nil, badRequest("The request body could not be parsed as a JSON object.") // wording ours
	}
	return o, nil
}

// take decodes a field into v, which stays as it is where the field is absent or null.
func (o object) take(name string, v any) (present bool, refused *refusal) {
	raw, ok := o[name]
	delete(o, name)
	if !ok || string(raw) == "null" {
		return false, nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return false, unprocessable("%s is invalid.", name) // wording ours
	}
	return true, nil
}

// takeImage is a number (an ID) or a string (a slug).
func (o object) takeImage(v *imageRef) (present bool, refused *refusal) {
	raw := o["image"]
	if len(raw) > 0 && raw[0] == '"' {
		present, refused = o.take("image", &v.Slug)
		return present && v.Slug != "", refused
	}
	return o.take("image", &v.ID)
}

// unknown are the names of the fields that nothing took.
func (o object) unknown() []string {
	var names []string
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// readAction reads the body by its type's parameters. Fields that the type does not have are passed
// over as DigitalOcean does, and noted in the request log.
func (c *call) readAction() (*actionRequest, *refusal) {
	o, refused := c.readObject()
	if refused != nil {
		return nil, refused
	}
	r := &actionRequest{}
	if present, refused := o.take("type", &r.Type); refused != nil || !present {
		return nil, unprocessable("Type is required and must be a string.") // wording ours
	}
	r.kind = actionTypes[r.Type]
	if r.kind == nil {
		return nil, unprocessable("Invalid action type: %q.", r.Type) // wording ours
	}
	if r.kind.read != nil {
		if refused := r.kind.read(o, r); refused != nil {
			return nil, refused
		}
	}
	c.rec.UnknownFields = o.unknown()
	return r, nil
}

func readName(o object, r *actionRequest) *refusal {
	present, refused := o.take("name", &r.Name)
	switch {
	case refused != nil:
		return refused
	case !present || r.Name == "":
		return unprocessable("Name can't be blank")
	case !validHostname(r.Name):
		return invalidHostname()
	}
	return nil
}

// readSnapshotName: the name may be left out, and is any text.
func readSnapshotName(o object, r *actionRequest) *refusal {
	_, refused := o.take("name", &r.Name)
	if refused == nil && len(r.Name) > 255 {
		return unprocessable("Name is too long (maximum is 255 characters)") // wording ours
	}
	return refused
}

func readResize(o object, r *actionRequest) *refusal {
	present, refused := o.take("size", &r.Size)
	if refused != nil {
		return refused
	}
	if !present || r.Size == "" {
		return unprocessable("Size can't be blank") // wording ours
	}
	_, refused = o.take("disk", &r.Disk)
	return refused
}

func readRebuild(o object, r *actionRequest) *refusal {
	present, refused := o.takeImage(&r.Image)
	if refused == nil && !present {
		return unprocessable("Image can't be blank") // wording ours
	}
	return refused
}

// readRestore: the OpenAPI document lets the image be left out, DigitalOcean does not. A slug is
// never a backup.
func readRestore(o object, r *actionRequest) *refusal {
	present, refused := o.take("image", &r.Image.ID)
	if refused == nil && !present {
		return unprocessable("Image can't be blank") // wording ours
	}
	return refused
}

func readKernel(o object, r *actionRequest) *refusal {
	present, refused := o.take("kernel", &r.Kernel)
	if refused == nil && !present {
		return unprocessable("Kernel can't be blank") // wording ours
	}
	return refused
}

func readOptionalPolicy(o object, r *actionRequest) *refusal {
	policy, refused := o.takePolicy()
	r.Policy = policy
	return refused
}

func readPolicy(o object, r *actionRequest) *refusal {
	policy, refused := o.takePolicy()
	if refused == nil && policy == nil {
		return unprocessable("Backup policy can't be blank") // wording ours
	}
	r.Policy = policy
	return refused
}

// hostname is the pattern of a Droplet's name in the OpenAPI document, which also caps it at 255.
var hostname = regexp.MustCompile(`^[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]$`)

func validHostname(name string) bool { return len(name) <= 255 && hostname.MatchString(name) }

func invalidHostname() *refusal {
	return unprocessable("Name Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
}
