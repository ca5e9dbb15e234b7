using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.SyncNode.Audit;
using PasswordSync.SyncNode.Commands;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Certificates;

/// <summary>The commands that sign requests.</summary>
public sealed class Signing_tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task An_edge_is_signed_where_the_authority_is_and_nowhere_is_another_authority_made_instead()
    {
        using var fixture = new CertificateFixture();
        var configuration = await fixture.ConfigureAsync(joins: false, Token);
        var (request, answer) = (Path.Combine(fixture.Folder, "edge.csr"), Path.Combine(fixture.Folder, "edge.pem"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(request, CertificateFixture.RequestOf(key), Token);

        (await SignAsync()).ShouldNotBe(0);

        Directory.GetFiles(configuration.DataFolder).ShouldBeEmpty();
        File.Exists(answer).ShouldBeFalse();

        using var authority = await ClusterAuthority.OpenOrCreateAsync(configuration.DataFolder, TestNode.Cluster, CertificateFixture.Passphrase, DateTimeOffset.UtcNow, Token);
        (await SignAsync()).ShouldBe(0);
        using var signed = X509CertificateLoader.LoadCertificateFromFile(answer);
        PeerTrust.TryIdentify(signed, authority.Certificate, TestNode.Cluster, DateTimeOffset.UtcNow, out var name, out _).ShouldBeTrue();
        name.ShouldBe(new PeerName.Edge(TestNode.Cluster, TestNode.Source, TestNode.DomainController));

        // It is written down for the node, which takes it into the audit; what cannot be written down is not handed out.
        var waiting = new CommandRecords(configuration.DataFolder);
        var entry = CommandRecords.Read(waiting.List().ShouldHaveSingleItem());
        (entry.Operator, entry.Origin, entry.Node, entry.Operation, entry.Stage, entry.Request).ShouldBe((Environment.UserName, "command line", configuration.Node.Name, "sign-edge", "done", $"{name!.ToUri()}"));
        entry.After!.ShouldStartWith($"serial {signed.SerialNumber}, until ");
        File.Delete(answer);
        for (var number = 1; number < CommandRecords.WaitingMax; number++) await File.WriteAllTextAsync(Path.Combine(configuration.DataFolder, "commands", $"{number}.json"), "", Token);
        (await SignAsync()).ShouldNotBe(0);
        File.Exists(answer).ShouldBeFalse();

        Task<int> SignAsync() => new RootCommand { SignEdgeCommand.Create() }
            .Parse(["sign-edge", "--config", configuration.File, "--source", "alpha", "--dc", TestNode.DomainController, "--request", request, "--out", answer]).InvokeAsync(cancellationToken: Token);
    }
}
