package slack

// wireUser is a user as users.info shows it.
func wireUser(u User) map[string]any {
	w := map[string]any{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "deleted": u.Deleted, "real_name": u.RealName,
		"tz": "Europe/Amsterdam", "tz_label": "Central European Time", "tz_offset": 3600, "updated": 1700000000,
		"is_admin": u.IsAdmin, "is_owner": false, "is_primary_owner": false,
		"is_restricted": u.IsRestricted, "is_ultra_restricted": u.IsUltraRestricted,
		"is_bot": u.IsBot, "is_app_user": u.IsAppUser, "is_email_confirmed": !u.IsBot,
		"profile": map[string]any{
			"real_name": u.RealName, "display_name": u.DisplayName, "real_name_normalized": u.RealName,
			"display_name_normalized": u.DisplayName, "team": u.TeamID, "status_text": "", "status_emoji": "",
		},
	}
	if u.IsStranger {
		w["is_stranger"] = true
	}
	if u.EnterpriseID != "" {
		w["enterprise_user"] = map[string]any{
			"id": u.ID, "enterprise_id": u.EnterpriseID, "enterprise_name": "Droplets Grid",
			"is_admin": false, "is_owner": false, "teams": []string{u.TeamID},
		}
	}
	if u.IsAppUser {
		w["profile"].(map[string]any)["bot_id"] = BotID
		w["profile"].(map[string]any)["api_app_id"] = AppID
	}
	return w
}

func (s *Server) usersInfo(c Call) (map[string]any, error) {
	for _, u := range s.workspace.Users {
		if u.ID == c.Str("user") { // by ID only, never by name
			return map[string]any{"user": wireUser(u)}, nil
		}
	}
	return nil, refuse("user_not_found")
}

func (s *Server) usersList(c Call) (map[string]any, error) {
	var list []any
	for _, u := range s.workspace.Users {
		list = append(list, wireUser(u))
	}
	w, err := page(c, "members", list, 200, 1000)
	if err == nil {
		w["cache_ts"] = s.now().Unix()
	}
	return w, err
}

func (s *Server) usergroupsList(c Call) (map[string]any, error) {
	if s.workspace.FreePlan {
		return nil, refuse("plan_upgrade_required")
	}
	groups := []any{}
	for _, g := range s.workspace.UserGroups {
		if g.Disabled && !c.Bool("include_disabled") {
			continue
		}
		w := map[string]any{
			"id": g.ID, "team_id": TeamID, "is_usergroup": true, "name": g.Name, "handle": g.Handle,
			"description": "", "is_external": false, "date_create": 1700000000, "date_update": 1700000000,
			"date_delete": 0, "auto_type": nil, "created_by": "U0ALICE", "updated_by": "U0ALICE",
			"deleted_by": nil, "prefs": map[string]any{"channels": []string{}, "groups": []string{}},
		}
		if c.Bool("include_count") {
			w["user_count"] = len(g.Users)
		}
		if g.Disabled {
			w["date_delete"] = 1700000001
		}
		if c.Bool("include_users") {
			w["users"] = g.Users
		}
		groups = append(groups, w)
	}
	return map[string]any{"usergroups": groups}, nil
}

func (s *Server) usergroupsUsersList(c Call) (map[string]any, error) {
	if err := c.missing("usergroup"); err != nil {
		return nil, err
	}
	if s.workspace.FreePlan {
		return nil, refuse("plan_upgrade_required")
	}
	for _, g := range s.workspace.UserGroups {
		if g.ID != c.Str("usergroup") || (g.Disabled && !c.Bool("include_disabled")) {
			continue
		}
		return map[string]any{"users": append([]string{}, g.Users...)}, nil
	}
	return nil, refuse("no_such_subteam")
}
