package digitalocean

import "time"

// VPC is a private network of one region.
type VPC struct {
	ID          string    `json:"id"`
	URN         string    `json:"urn"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Region      string    `json:"region"`
	IPRange     string    `json:"ip_range"`
	Default     bool      `json:"default"`
	CreatedAt   time.Time `json:"created_at"`
}

func (w *world) vpc(id string) *VPC {
	for i := range w.vpcs {
		if w.vpcs[i].ID == id {
			return &w.vpcs[i]
		}
	}
	return nil
}

func (w *world) defaultVPC(region string) string {
	for _, v := range w.vpcs {
		if v.Default && v.Region == region {
			return v.ID
		}
	}
	return ""
}

func (w *world) listVPCs(c *call) (answer, *refusal) { return page(c, "vpcs", w.vpcs) }

func (w *world) getVPC(c *call) (answer, *refusal) {
	v := w.vpc(c.vars["vpc_id"])
	if v == nil {
		return answer{}, notFound()
	}
	return answer{200, map[string]any{"vpc": v}}, nil
}
