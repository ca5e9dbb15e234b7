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

    [Fact(Timeout = 600_000)]
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
        certificates.RenewedFault.ShouldBeNull();
        using var ending = new CancellationTokenSource();
        using var http = new HttpClient();
        var watch = new CertificateWatch(certificates, http, () => [], this, fixture.Clock, fixture.Log.CreateLogger<CertificateWatch>()).RunAsync(ending.Token);
        await fixture.PassAsync(days: 335);
        told.ShouldAllBe(what => what == "none");

        await fixture.PassAsync(days: 1);
        told.Last().ShouldContain("in 29 days: the edge lets a node renew it, and that did not succeed (event 2743 says why). By hand: make a request (request), let a node sign it (sign-edge --source alpha --dc dc1.alpha.test)");
        fixture.Log.All.ShouldContain(line => line.Contains("could not be renewed and goes on; the next try is in 00:15:00: No node is known to ask."));
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

    [Fact(Timeout = 600_000)]
    public async Task A_renewal_that_fails_is_tried_again_soon_then_more_and_more_rarely_up_to_once_a_day()
    {
        using var fixture = new CertificateFixture();
        using var authority = await fixture.OpenAuthorityElsewhereAsync(Token);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var configuration = await CertificateFixture.ConfigureEdgeAsync(fixture.Folder, Token);
        await File.WriteAllTextAsync(configuration.PathOf("edge.key"), key.ExportPkcs8PrivateKeyPem(), Token);
        await File.WriteAllTextAsync(configuration.PathOf("ca.pem"), authority.Certificate.ExportCertificatePem(), Token);
        await SignAsync();
        fixture.Clock.Advance(TimeSpan.FromDays(250));
        using var certificates = EdgeCertificates.Open(configuration, fixture.Clock.GetUtcNow());
        using var ending = new CancellationTokenSource();
        using var http = new HttpClient();
        var asked = new ConcurrentQueue<DateTimeOffset>();
        var watch = new CertificateWatch(certificates, http, NoNodes, this, fixture.Clock, fixture.Log.CreateLogger<CertificateWatch>()).RunAsync(ending.Token);

        await fixture.PassAsync(days: 5);

        var times = asked.ToArray();
        times.Skip(1).Zip(times, (later, earlier) => (later - earlier).TotalHours).ShouldBe([0.25, 0.5, 1, 2, 4, 8, 16, 24, 24, 24]);
        fixture.Log.All.ShouldContain(line => line.Contains("the next try is in 16:00:00: No node is known to ask."));

        // Once it is done there is nothing to try, and the next time begins anew.
        await SignAsync();
        await fixture.PassAsync(days: 2);
        asked.Count.ShouldBe(times.Length);
        await fixture.PassAsync(days: 250);
        var anew = asked.Skip(times.Length).Take(2).ToArray();
        (anew[1] - anew[0]).ShouldBe(CertificateTerm.RetryMin);
        await ending.CancelAsync();
        await watch;

        IReadOnlyCollection<Uri> NoNodes()
        {
            asked.Enqueue(fixture.Clock.GetUtcNow());
            return [];
        }

        async Task SignAsync()
        {
            using var signed = authority.SignEdge(CertificateFixture.RequestOf(key), new PeerName.Edge(TestNode.Cluster, TestNode.Source, TestNode.DomainController), fixture.Clock.GetUtcNow());
            await File.WriteAllTextAsync(configuration.PathOf("edge.pem"), signed.ExportCertificatePem(), Token);
        }
    }

    [Theory(Timeout = 600_000)]
    [InlineData("damaged", "renewed.pem cannot be used: ")]
    [InlineData("of another edge", "it stands for passwordsync://test/edge/alpha/dc2.alpha.test, not for")]
    [InlineData("over", null)]
    public async Task A_renewed_certificate_that_cannot_be_used_is_told_at_the_start_with_the_remedy(string what, string? said)
    {
        using var fixture = new CertificateFixture();
        using var authority = await fixture.OpenAuthorityElsewhereAsync(Token);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var configuration = await CertificateFixture.ConfigureEdgeAsync(fixture.Folder, Token);
        fixture.Clock.Advance(TimeSpan.FromDays(400));
        var now = fixture.Clock.GetUtcNow();
        await File.WriteAllTextAsync(configuration.PathOf("edge.key"), key.ExportPkcs8PrivateKeyPem(), Token);
        await File.WriteAllTextAsync(configuration.PathOf("ca.pem"), authority.Certificate.ExportCertificatePem(), Token);
        await File.WriteAllTextAsync(configuration.PathOf("edge.pem"), Signed(TestNode.DomainController, now.AddDays(-1)), Token);
        var renewed = Path.Combine(configuration.PathOf("data"), "renewed.pem");
        var whole = (what == "over" ? Signed(TestNode.DomainController, now.AddDays(-399)) : Signed("dc2.alpha.test", now)) + "\n" + key.ExportPkcs8PrivateKeyPem();
        await File.WriteAllTextAsync(renewed, what == "damaged" ? whole[..300] : whole, Token);
        using var certificates = EdgeCertificates.Open(configuration, now);
        using var ending = new CancellationTokenSource();
        using var http = new HttpClient();

        var watch = new CertificateWatch(certificates, http, () => [], this, fixture.Clock, fixture.Log.CreateLogger<CertificateWatch>()).RunAsync(ending.Token);
        await fixture.PassAsync(days: 1);
        await ending.CancelAsync();
        await watch;

        certificates.Certificate.NotBefore.ToUniversalTime().ShouldBe(now.AddDays(-1).UtcDateTime, TimeSpan.FromHours(1), "the configured one goes on");
        if (said is null)
        {
            fixture.Log.All.ShouldBeEmpty();
            return;
        }

        var line = fixture.Log.All.ShouldHaveSingleItem();
        line.ShouldContain(" Warning ");
        line.ShouldContain($"is passed over, and the configured one goes on. {renewed} cannot be used: ");
        line.ShouldContain(said);
        line.ShouldContain("Delete it, or leave it: the next renewal writes it anew.");

        string Signed(string controller, DateTimeOffset at)
        {
            using var signed = authority.SignEdge(CertificateFixture.RequestOf(key), new PeerName.Edge(TestNode.Cluster, TestNode.Source, controller), at);
            return signed.ExportCertificatePem();
        }
    }

    void IAlarmSink.Raise(EdgeAlarm alarm) => told.Enqueue(alarm.Sentence);

    void IAlarmSink.Clear<TAlarm>() => told.Enqueue("none");
}
