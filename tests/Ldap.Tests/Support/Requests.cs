namespace PasswordSync.Ldap.Tests.Support;

/// <summary>Requests and options that tests use again and again.</summary>
internal static class Requests
{
    public static readonly LdapOptions Plain = new() { Security = LdapSecurity.None };

    public static readonly LdapOptions PlainWithSecrets = Plain with { AllowSecretsInClear = true };

    public static LdapSearchRequest Read(string dn) => new(dn, LdapSearchScope.Base, LdapFilter.Present("objectClass"));

    public static Task<LdapConnection> ConnectAsync(ScriptedServer server, TimeProvider clock) => ConnectAsync(server, Plain, clock);

    public static Task<LdapConnection> ConnectAsync(ScriptedServer server, LdapOptions options, TimeProvider clock) =>
        LdapConnection.ConnectAsync(server.Address, LdapCredential.Anonymous, options, clock, TestContext.Current.CancellationToken);
}
