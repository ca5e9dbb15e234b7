namespace PasswordSync.Ldap;

/// <summary>The attributes whose values are passwords in clear: they are never sent over an open connection.</summary>
internal static class SecretAttributes
{
    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        "unicodePwd", "userPassword", "dBCSPwd", "clearTextPassword", "2.5.4.35", "1.2.840.113556.1.4.90",
    };

    public static bool Contains(LdapAttribute attribute)
    {
        var options = attribute.Name.IndexOf(';', StringComparison.Ordinal);
        return attribute.Values.Count > 0 && Names.Contains(options < 0 ? attribute.Name : attribute.Name[..options]);
    }
}
