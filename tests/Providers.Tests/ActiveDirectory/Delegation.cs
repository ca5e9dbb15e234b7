using PasswordSync.Core.Identities;
using PasswordSync.Lab;

namespace PasswordSync.Providers.Tests.ActiveDirectory;

/// <summary>Grants a service what docs/providers/active-directory.md says that it needs, and no more.</summary>
internal static class Delegation
{
    /// <summary>The class user, by its GUID in the schema.</summary>
    public const string OfUsersBelow = "bf967aba-0de6-11d0-a285-00aa003049e2";

    /// <summary>The control access right User-Force-Change-Password, and write on lockoutTime and pwdLastSet, by their GUIDs in the schema.</summary>
    private static readonly (string Right, string Guid)[] Rights =
    [
        ("CR", "00299570-246d-11d0-a768-00aa006e0529"),
        ("WP", "28630ebf-41d5-11d1-a9c1-0000f80367c1"),
        ("WP", "bf967a0a-0de6-11d0-a285-00aa003049e2"),
    ];

    /// <param name="domain">Where.</param>
    /// <param name="dn">On what.</param>
    /// <param name="inheritedBy">Empty for the object itself; else the class of the objects below that inherit it.</param>
    /// <param name="service">To whom.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static Task GrantAsync(SambaDomain domain, string dn, string inheritedBy, AccountNames service, CancellationToken cancellationToken) => domain.GrantAsync(
        dn,
        service.DistinguishedName,
        sid => string.Concat(Rights.Select(right => $"(OA;{(inheritedBy.Length == 0 ? "" : "CIIO")};{right.Right};{right.Guid};{inheritedBy};{sid})")),
        cancellationToken);
}
