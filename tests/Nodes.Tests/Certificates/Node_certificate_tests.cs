using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Intake;
using PasswordSync.SyncNode.Settings;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Certificates;

/// <summary>A node that runs for years has a valid certificate all the time, or tells in time what to do.</summary>
public sealed class Node_certificate_tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_node_with_the_authority_renews_its_certificate_while_it_runs_and_shows_the_new_one()
    {
        using var fixture = new CertificateFixture();
        var configuration = await fixture.ConfigureAsync(joins: false, Token);
        using var credentials = await fixture.OpenAsync(configuration, Token);
        await using var listener = await ListenAsync(configuration, credentials, fixture);
        using var ending = new CancellationTokenSource();
        var watch = Watch(credentials, fixture, ending.Token);
        var first = await ShownByAsync(listener);
        await fixture.PassAsync(days: 243);
        (await ShownByAsync(listener)).ShouldBe(first, "two thirds of a year are not over");

        await fixture.PassAsync(days: 1);

        var second = await ShownByAsync(listener);
        second.ShouldNotBe(first);
        CertificateTerm.EndOf(credentials.Certificate).ShouldBe(fixture.Clock.GetUtcNow() + ClusterAuthority.PeerValidity, TimeSpan.FromMinutes(1));
        PeerTrust.TryIdentify(credentials.Certificate, credentials.Root, TestNode.Cluster, fixture.Clock.GetUtcNow(), out var name, out _).ShouldBeTrue();
        name.ShouldBe(new PeerName.Node(TestNode.Cluster, "node1"));
        fixture.Log.All.ShouldContain(line => line.Contains("new certificate, valid until"));
        fixture.Log.All.ShouldNotContain(line => line.Contains("ends at"), "what renews itself is nobody's business");

        await fixture.PassAsync(days: 3 * 365);
        CertificateTerm.EndOf(credentials.Certificate).ShouldBeGreaterThan(fixture.Clock.GetUtcNow() + CertificateTerm.WarnBefore);
        await ending.CancelAsync();
        await watch;
    }

    [Fact(Timeout = 600_000)]
    public async Task A_joined_node_warns_with_the_remedy_and_takes_what_was_signed_anew_without_a_restart()
    {
        using var fixture = new CertificateFixture();
        var configuration = await fixture.ConfigureAsync(joins: true, Token);
        using var authority = await fixture.OpenAuthorityElsewhereAsync(Token);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(NodeCredentials.KeyFile(configuration), key.ExportEncryptedPkcs8PrivateKeyPem(CertificateFixture.Passphrase, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1_000)), Token);
        await File.WriteAllTextAsync(Path.Combine(configuration.DataFolder, "ca.pem"), authority.Certificate.ExportCertificatePem(), Token);
        await SignAsync(key, "node1");
        await File.WriteAllTextAsync(Path.Combine(configuration.DataFolder, "renewed.pem"), "cut sho", Token);
        using var credentials = await fixture.OpenAsync(configuration, Token);
        using var ending = new CancellationTokenSource();
        var watch = Watch(credentials, fixture, ending.Token);
        await fixture.PassAsync(days: 335);
        fixture.Log.All.First().ShouldContain("The certificate that the node had renewed is passed over, and the configured one goes on. ");
        fixture.Log.All.Skip(1).ShouldAllBe(line => line.Contains("nobody signs here"));
        fixture.Log.All.Count.ShouldBe(1 + 7 + 90, "from two thirds of a year on it is tried: seven times on the first day, then each day");
        credentials.FindEnding(fixture.Clock.GetUtcNow()).ShouldBeEmpty();

        await fixture.PassAsync(days: 1);
        fixture.Log.All.Last().ShouldContain("in 29 days: this node cannot sign it, since the authority's key is elsewhere, and the node that has it did not (event 4322 says why). By hand: make a request (request), let that node sign it (sign-node --name node1)");
        credentials.FindEnding(fixture.Clock.GetUtcNow()).ShouldHaveSingleItem().Remedy.ShouldContain(NodeCredentials.CertificateFile(configuration));

        // Of another node: told, and not taken.
        var present = credentials.Certificate.Thumbprint;
        await SignAsync(key, "node2");
        await fixture.PassAsync(days: 1);
        credentials.Certificate.Thumbprint.ShouldBe(present);
        fixture.Log.All.ShouldContain(line => line.Contains("stands for passwordsync://test/node/node2"));

        await SignAsync(key, "node1");
        await fixture.PassAsync(days: 1);

        credentials.Certificate.Thumbprint.ShouldNotBe(present);
        credentials.Certificate.HasPrivateKey.ShouldBeTrue();
        credentials.FindEnding(fixture.Clock.GetUtcNow()).ShouldBeEmpty();
        await ending.CancelAsync();
        await watch;

        async Task SignAsync(ECDsa of, string name)
        {
            using var signed = authority.SignNode(CertificateFixture.RequestOf(of), new PeerName.Node(TestNode.Cluster, name), ["localhost"], fixture.Clock.GetUtcNow());
            await File.WriteAllTextAsync(NodeCredentials.CertificateFile(configuration), signed.ExportCertificatePem(), Token);
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task An_authority_that_ends_is_warned_of_and_no_certificate_outlives_it()
    {
        using var fixture = new CertificateFixture();
        var configuration = await fixture.ConfigureAsync(joins: false, Token);
        using (var atFirst = await fixture.OpenAsync(configuration, Token)) atFirst.FindEnding(fixture.Clock.GetUtcNow()).ShouldBeEmpty();
        fixture.Clock.Advance(ClusterAuthority.AuthorityValidity - TimeSpan.FromDays(20));

        using var credentials = await fixture.OpenAsync(configuration, Token);

        var now = fixture.Clock.GetUtcNow();
        credentials.FindEnding(now).Select(one => one.What).ShouldBe(["The certificate of this node", "The certificate of the cluster's authority (ca.pem)"]);
        CertificateTerm.EndOf(credentials.Certificate).ShouldBe(CertificateTerm.EndOf(credentials.Root));
        fixture.Clock.Advance(TimeSpan.FromDays(19));
        credentials.Renew(fixture.Clock.GetUtcNow()).ShouldBeFalse("it would end no later");
    }

    private static Task Watch(NodeCredentials credentials, CertificateFixture fixture, CancellationToken token) => new CertificateWatch(credentials, _ => throw new HttpRequestException("nobody signs here"), fixture.Clock, fixture.Log.CreateLogger<CertificateWatch>()).RunAsync(token);

    private static async Task<WebApplication> ListenAsync(NodeConfiguration configuration, NodeCredentials credentials, CertificateFixture fixture)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => EdgeListener.Configure(kestrel, configuration, credentials, fixture.Clock, NullLogger.Instance));
        var web = builder.Build();
        await web.StartAsync(Token);
        return web;
    }

    private static async Task<string> ShownByAsync(WebApplication listener)
    {
        var address = new Uri(listener.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, address.Port, Token);
        var shown = "";
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, _) =>
        {
            shown = certificate!.GetCertHashString();
            return certificate is not null;
        });
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateRevocationCheckMode = X509RevocationMode.NoCheck }, Token);
        return shown;
    }
}
