using System.Globalization;

namespace PasswordSync.Lab;

/// <summary>A user of a lab directory.</summary>
/// <param name="AccountName">sAMAccountName, or uid in OpenLDAP.</param>
/// <param name="DistinguishedName">Where it was created; a test that renames or moves it knows better.</param>
/// <param name="Mail">Its mail address.</param>
/// <param name="InitialPassword">The password it was created with.</param>
public sealed record LabUser(string AccountName, string DistinguishedName, string Mail, string InitialPassword)
{
    /// <summary>The container of the users of a domain, below its base.</summary>
    public const string Container = "OU=People";

    /// <summary>User <paramref name="number"/> (from 1) of a lab directory: <c>u0001</c>, <c>u0001@example.test</c>, <c>Init.Passw0rd.1</c>.</summary>
    /// <param name="namingAttribute"><c>CN</c> in a domain, <c>uid</c> in OpenLDAP.</param>
    /// <param name="container">The distinguished name of the users' container.</param>
    internal static LabUser Numbered(int number, string namingAttribute, string container)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"u{number:D4}");
        return Named(name, string.Create(CultureInfo.InvariantCulture, $"Init.Passw0rd.{number}"), namingAttribute, container);
    }

    internal static LabUser Named(string name, string password, string namingAttribute, string container) =>
        new(name, $"{namingAttribute}={name},{container}", $"{name}@example.test", password);
}
