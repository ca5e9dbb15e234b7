using System.CommandLine;
using System.Diagnostics;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Nodes.Tests.Certificates;
using PasswordSync.SyncNode.Commands;
using PasswordSync.SyncNode.Settings;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Enrolment;

public sealed class Registration_key_command_tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_is_not_the_owner_of_the_node_s_folder_makes_no_key_that_the_node_could_not_read()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root on Linux can make a folder another account's.");
        using var fixture = new CertificateFixture();
        var configuration = await fixture.ConfigureAsync(joins: false, Token);
        FileOwner.IsAnother(configuration.DataFolder).ShouldBeFalse();
        FileOwner.IsAnother(Path.Combine(configuration.DataFolder, "missing")).ShouldBeFalse();
        using (var change = Process.Start("chown", ["65534", configuration.DataFolder])) await change.WaitForExitAsync(Token);
        FileOwner.IsAnother(configuration.DataFolder).ShouldBeTrue();

        var answer = await new RootCommand { RegistrationKeyCommand.Create() }
            .Parse(["registration-key", "--config", configuration.File, "--source", "alpha", "--out", Path.Combine(fixture.Folder, "registration.json")]).InvokeAsync(cancellationToken: Token);

        answer.ShouldNotBe(0);
        Directory.GetFileSystemEntries(configuration.DataFolder).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("192.0.2.1:9443", "https://192.0.2.1:9443")]
    [InlineData("[2001:db8::1]:9443", "https://[2001:db8::1]:9443")]
    [InlineData("192.0.2.1:0")]
    public async Task Of_what_is_listened_on_the_file_names_what_leads_to_this_machine(string listen, params string[] named)
    {
        using var fixture = new CertificateFixture();
        var file = (await fixture.ConfigureAsync(joins: false, Token)).File;
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, Token)).Replace("\"listen\":[\"127.0.0.1:0\"],\"admin\"", $"\"listen\":[\"{listen}\"],\"admin\"", StringComparison.Ordinal), Token);

        RegistrationKeyCommand.AddressesOf(NodeConfiguration.Read(file)).ShouldBe(named);
    }
}
