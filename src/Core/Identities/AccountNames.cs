namespace PasswordSync.Core.Identities;

/// <summary>
/// What the source's directory called the account when the capture was resolved. Used to find the account in targets and to show
/// it to people; never as a key. No value is secret.
/// </summary>
/// <param name="DistinguishedName">The distinguished name, as the directory gave it.</param>
/// <param name="SamAccountName">sAMAccountName.</param>
/// <param name="UserPrincipalName">userPrincipalName, where the account has one.</param>
/// <param name="Mail">mail, where the account has one.</param>
public sealed record AccountNames(string DistinguishedName, string SamAccountName, string? UserPrincipalName, string? Mail)
{
    /// <summary>objectSid, as in <c>S-1-5-21-1-2-3-1104</c>; null where it was not read.</summary>
    public string? ObjectSid { get; init; }
}
