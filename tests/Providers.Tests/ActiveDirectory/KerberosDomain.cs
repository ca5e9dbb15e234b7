using PasswordSync.Lab;

namespace PasswordSync.Providers.Tests.ActiveDirectory;

/// <summary>The domain that the tests of Kerberos and of DNS share.</summary>
internal static class KerberosDomain
{
    public static SambaDomainOptions Options { get; } = new() { Realm = "KERBEROS.TEST", NameService = true };
}
