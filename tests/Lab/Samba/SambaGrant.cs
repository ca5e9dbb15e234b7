namespace PasswordSync.Lab;

/// <summary>Gives accounts of a lab domain rights, as an administrator does.</summary>
public static class SambaGrant
{
    /// <summary>Adds entries to the list of who may do what with an object.</summary>
    /// <param name="domain">Where.</param>
    /// <param name="objectDn">The object.</param>
    /// <param name="accountDn">The account that gets the rights.</param>
    /// <param name="entriesOf">Makes the entries in SDDL, given the text of the account's SID.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task GrantAsync(this SambaDomain domain, string objectDn, string accountDn, Func<string, string> entriesOf, CancellationToken cancellationToken)
    {
        var sid = TextOf((await domain.First.ReadAttributeAsync(accountDn, "objectSid", cancellationToken)).Single());
        (await domain.First.SambaToolAsync(["dsacl", "set", "--action=allow", $"--objectdn={objectDn}", $"--sddl={entriesOf(sid)}"], "", cancellationToken)).RequireSuccess();
    }

    /// <summary>Lets an account read the fine-grained password policies, as docs/operations/samba-helper.md says.</summary>
    public static Task GrantPoliciesAsync(this SambaDomain domain, string accountDn, CancellationToken cancellationToken) =>
        domain.GrantAsync(PoliciesOf(domain), accountDn, sid => $"(A;CI;RPLC;;;{sid})", cancellationToken);

    /// <summary>The container of the fine-grained password policies, which a domain hides from ordinary accounts.</summary>
    internal static string PoliciesOf(SambaDomain domain) => $"CN=Password Settings Container,CN=System,{domain.BaseName}";

    /// <summary>The text of a security identifier (MS-DTYP 2.4.2.1) of a domain's account.</summary>
    private static string TextOf(byte[] value) =>
        $"S-{value[0]}-{value[7]}-{string.Join('-', Enumerable.Range(0, value[1]).Select(i => BitConverter.ToUInt32(value, 8 + (4 * i))))}";
}
