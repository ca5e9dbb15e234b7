using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.EdgeNode;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Nodes.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Certificates;

/// <summary>An edge says in time that its certificate ends, and takes the next one without a restart.</summary>
public sealed class Edge_certificate_tests : IAlarmSink
{
    private readonly ConcurrentQueue<string> told = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task An_alarm_stands_from_thirty_days_before_the_end_until_a_new_certificate_is_there()
    {
        using var fixture = new CertificateFixture();
        using var authority = await fixture.OpenAuthorityElsewhereAsync(Token);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var configuration = await CertificateFixture.ConfigureEdgeAsync(fixture.Folder, Token);
        await File.WriteAllTextAsync(configuration.PathOf("edge.key"), key.ExportPkcs8PrivateKeyPem(), Token);
        await File.WriteAllTextAsync(configuration.PathOf("ca.pem"), authority.Certificate.ExportCertificatePem(), Token);
        await SignAsync();
        using var certificates = EdgeCertificates.Open(configuration, fixture.Clock.GetUtcNow());
        using var ending = new CancellationTokenSource();
        using var http = new HttpClient();
        var watch = new CertificateWatch(certificates, http, () => [], this, fixture.Clock, fixture.Log.CreateLogger<CertificateWatch>()).RunAsync(ending.Token);
        await fixture.PassAsync(days: 335);
        told.ShouldAllBe(what => what == "none");

        await fixture.PassAsync(days: 1);
        told.Last().ShouldContain("in 29 days: the edge lets a node renew it, and that did not succeed (event 2743 says why). By hand: make a request (request), let a node sign it (sign-edge --source alpha --dc dc1.alpha.test)");
        fixture.Log.All.ShouldContain(line => line.Contains("could not be renewed and goes on; the next try is tomorrow: No node is known to ask."));
        var present = certificates.Certificate.Thumbprint;

        // A file that is no certificate, and one of another key, change nothing.
        await File.WriteAllTextAsync(configuration.PathOf("edge.pem"), "no certificate", Token);
        await fixture.PassAsync(days: 1);
        using (var other = ECDsa.Create(ECCurve.NamedCurves.nistP256)) await SignAsync(other);
        await fixture.PassAsync(days: 1);
        certificates.Certificate.Thumbprint.ShouldBe(present);
        fixture.Log.All.Count(line => line.Contains("cannot be used")).ShouldBe(2);
        told.Last().ShouldContain("in 27 days");

        // Nor does one that is signed for another edge, which nodes would take for that one.
        await SignAsync(controller: "dc2.alpha.test");
        await fixture.PassAsync(days: 1);
        certificates.Certificate.Thumbprint.ShouldBe(present);
        fixture.Log.All.ShouldContain(line => line.Contains("/edge/alpha/dc2.alpha.test, and this edge is"));

        await SignAsync();
        await fixture.PassAsync(days: 1);
        certificates.Certificate.Thumbprint.ShouldNotBe(present);
        certificates.Certificate.HasPrivateKey.ShouldBeTrue();
        told.Last().ShouldBe("none");
        await ending.CancelAsync();
        await watch;

        async Task SignAsync(ECDsa? of = null, string controller = TestNode.DomainController)
        {
            using var signed = authority.SignEdge(CertificateFixture.RequestOf(of ?? key), new PeerName.Edge(TestNode.Cluster, TestNode.Source, controller), fixture.Clock.GetUtcNow());
            await File.WriteAllTextAsync(configuration.PathOf("edge.pem"), signed.ExportCertificatePem(), Token);
        }
    }

    void IAlarmSink.Raise(EdgeAlarm alarm) => told.Enqueue(alarm.Sentence);

    void IAlarmSink.Clear<TAlarm>() => told.Enqueue("none");
}
