using PasswordSync.EdgeNode.Settings;
using PasswordSync.EdgeNode.Windows;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>The edge's first configuration from what installer and policy left.</summary>
public sealed class InstalledSettingsTests
{
    [Fact]
    public void Configuration_is_made_of_policy_before_installation_and_can_be_used()
    {
        var policy = new Dictionary<string, string> { ["Nodes"] = "https://a.example.test:9443, https://b.example.test:9443", ["Source"] = "" };
        var installed = new Dictionary<string, string> { ["Nodes"] = "https://old.example.test:9443", ["Cluster"] = "main", ["Source"] = "" };

        var edge = Read(InstalledSettings.Compose(policy.GetValueOrDefault, installed.GetValueOrDefault, "DC1", "Corp.Example.Test"));

        edge.Nodes.ShouldBe(["https://a.example.test:9443", "https://b.example.test:9443"]);
        (edge.Cluster, edge.Source, edge.DomainController).ShouldBe(("main", "corp.example.test", "dc1.corp.example.test"));
        (edge.Directory.Server, edge.Directory.User, edge.CaptureFile).ShouldBe(("dc1.corp.example.test:389", null, "capture"));
        edge.RegistrationKey.ShouldBeNull();
    }

    [Fact]
    public void A_registration_key_is_named_by_its_path()
    {
        var installed = new Dictionary<string, string> { ["Nodes"] = "https://a.example.test:9443", ["Cluster"] = "main", ["RegistrationKey"] = @"C:\ProgramData\PasswordSync\registration.json" };

        Read(InstalledSettings.Compose(_ => null, installed.GetValueOrDefault, "DC1", "corp.example.test")).RegistrationKey.ShouldBe(@"C:\ProgramData\PasswordSync\registration.json");
    }

    [Theory]
    [InlineData("", "main", "corp.example.test")]
    [InlineData("https://a.example.test:9443", "", "corp.example.test")]
    [InlineData("https://a.example.test:9443", "main", "")]
    public void Nothing_is_made_of_half_an_answer(string nodes, string cluster, string domain)
    {
        var installed = new Dictionary<string, string> { ["Nodes"] = nodes, ["Cluster"] = cluster };

        InstalledSettings.Compose(_ => null, installed.GetValueOrDefault, "DC1", domain).ShouldBeNull();
    }

    private static EdgeSettings Read(string? text)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text.ShouldNotBeNull());
            return EdgeSettingsFile.Read(file).Edge;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
