using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Helper;

/// <summary>The rule as the process applies it; every kind and edge: complexity_test.c.</summary>
[SupportedOSPlatform("linux")]
public sealed class ComplexityTests
{
    public ComplexityTests() => NativeBuild.SkipUnlessLinux();

    [Theory]
    [InlineData("Passw0rd", HelperRun.Agrees)]
    [InlineData("Пароль7", HelperRun.Agrees)]
    [InlineData("密码密码ab1", HelperRun.Agrees)]
    [InlineData("пароль7", HelperRun.Refuses)]
    [InlineData("passwort", HelperRun.Refuses)]
    [InlineData("Passwort", HelperRun.Refuses)]
    [InlineData("Pas-0rd", HelperRun.Agrees)]
    [InlineData("Pa-0rd", HelperRun.Refuses)]
    [InlineData("", HelperRun.Refuses)]
    [InlineData("Zoë.Ångström7", HelperRun.Refuses)]
    [InlineData("ZOË.ångSTRÖM7", HelperRun.Refuses)]
    [InlineData("Zoë.Ångström77", HelperRun.Agrees)]
    public async Task Password_is_judged_by_length_kinds_and_account_name(string password, int expected)
    {
        using var site = new CaptureSite(isPatient: true);
        await using var edge = EdgeDouble.Answering(site.Socket, EdgeDouble.Taken);

        var end = await HelperRun.RunAsync(site, password, "zoë.ångström7");

        end.ExitCode.ShouldBe(expected, end.Error);
        edge.EnvelopesWaiting.ShouldBe(expected == HelperRun.Agrees ? 1 : 0);
        site.DroppedFiles.ShouldBeEmpty();
    }

    [Fact]
    public async Task Refusal_is_reported_without_a_word_about_the_password()
    {
        using var site = new CaptureSite();

        foreach (var password in new[] { "correct-horse", "short", "Alice.2024" })
            (await HelperRun.RunAsync(site, password, "alice.2024")).Error.ShouldBe("passwordsync-samba-helper: alice.2024: refused by the complexity rule\n");
    }

    [Fact]
    public async Task Length_and_kinds_are_those_of_the_capture_file()
    {
        using var site = new CaptureSite();
        site.WriteCaptureFile(new Dictionary<string, string>(site.ProperLines()) { ["min-length"] = "12", ["complexity"] = "off" });

        (await HelperRun.RunAsync(site, "aaaaaaaaaaa")).ExitCode.ShouldBe(HelperRun.Refuses);
        (await HelperRun.RunAsync(site, "aaaaaaaaaaaa")).ExitCode.ShouldBe(HelperRun.Agrees);
        site.DroppedFiles.Length.ShouldBe(1);
    }
}
