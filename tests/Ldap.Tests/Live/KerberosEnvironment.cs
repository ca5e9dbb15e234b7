using System.Runtime.InteropServices;
using Shouldly;

namespace PasswordSync.Ldap.Tests.Live;

/// <summary>
/// The environment of this process as the system's Kerberos library sees it; .NET's own does not reach it. Tests that set it, and those that
/// rely on it, are of one collection, so that they run one after another.
/// </summary>
internal static class KerberosEnvironment
{
    public const string Collection = "Kerberos environment";

    public static void Set(string name, string value) => SetEnvironment(name, value, 1).ShouldBe(0);

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int SetEnvironment(string name, string value, int overwrite);
}
