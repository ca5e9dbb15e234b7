using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Lab;
using PasswordSync.Ldap.Tests.Support;
using Shouldly;

namespace PasswordSync.Ldap.Tests.Connections;

public sealed class TlsTests : IDisposable
{
    private readonly TestCertificates certificates = new();

    [Fact(Timeout = 600_000)]
    public async Task Certificate_of_a_custom_root_is_believed()
    {
        using var certificate = certificates.Issue("127.0.0.1");
        await using var server = ScriptedServer.StartTls(certificate, conversation => conversation.BehaveAsync());

        await using var connection = await ConnectAsync(server, new LdapOptions { Trust = certificates.Trust });

        connection.IsEncrypted.ShouldBeTrue();
        (await connection.SearchAsync(Requests.Read("dc=any"), CancellationToken.None)).Entries.Count.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task Certificate_of_an_unknown_root_is_refused_with_its_subject_and_issuer()
    {
        using var certificate = certificates.Issue("127.0.0.1");
        using var others = new TestCertificates();
        await using var server = ScriptedServer.StartTls(certificate, conversation => conversation.BehaveAsync());

        foreach (var trust in new[] { LdapTrust.SystemStore, others.Trust })
        {
            var failure = await ConnectAsync(server, new LdapOptions { Trust = trust }).ShouldEndWithAsync<LdapException>();
            failure.Kind.ShouldBe(LdapErrorKind.UntrustedCertificate);
            failure.RequestWasSent.ShouldBe(LdapSent.No);
            failure.Certificate!.Subject.ShouldBe("CN=127.0.0.1");
            failure.Certificate.Issuer.ShouldBe("CN=Test root");
            failure.Certificate.Reason.ShouldNotBeEmpty();
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task Expired_certificate_is_refused_with_the_reason()
    {
        using var certificate = certificates.Issue("127.0.0.1", expired: true);
        await using var server = ScriptedServer.StartTls(certificate, conversation => conversation.BehaveAsync());

        var failure = await ConnectAsync(server, new LdapOptions { Trust = certificates.Trust }).ShouldEndWithAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.UntrustedCertificate);
        failure.Certificate!.Reason.ShouldContain(nameof(X509ChainStatusFlags.NotTimeValid));
    }

    [Fact(Timeout = 600_000)]
    public async Task Certificate_for_another_name_is_refused_with_both_names()
    {
        using var certificate = certificates.Issue("dc7.alpha.test");
        await using var server = ScriptedServer.StartTls(certificate, conversation => conversation.BehaveAsync());

        var failure = await ConnectAsync(server, new LdapOptions { Trust = certificates.Trust }).ShouldEndWithAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.WrongCertificateName);
        failure.Certificate!.ExpectedName.ShouldBe("127.0.0.1");
        failure.Certificate.FoundNames.ShouldBe(["dc7.alpha.test"]);
    }

    [Fact(Timeout = 600_000)]
    public async Task Expected_name_takes_the_place_of_the_host()
    {
        using var certificate = certificates.Issue("dc7.alpha.test");
        await using var server = ScriptedServer.StartTls(certificate, conversation => conversation.BehaveAsync());

        await using var connection = await ConnectAsync(server, new LdapOptions { Trust = certificates.Trust, ExpectedName = "dc7.alpha.test" });

        connection.IsOpen.ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task Server_without_TLS_on_the_TLS_port_is_a_TLS_failure()
    {
        await using var server = ScriptedServer.Start(conversation => conversation.SendAsync(Answers.SearchDone(1)));

        var failure = await ConnectAsync(server, new LdapOptions()).ShouldEndWithAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.TlsFailed);
    }

    [Fact(Timeout = 600_000)]
    public async Task Refused_StartTLS_is_a_TLS_failure_with_the_answer()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            var request = await conversation.ReadAsync();
            await conversation.SendAsync(Answers.Extended(request.Id, LdapResultCode.Unavailable));
            (await conversation.TryReadAsync()).ShouldBeNull();
        });

        var failure = await ConnectAsync(server, new LdapOptions { Security = LdapSecurity.StartTls }).ShouldEndWithAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.TlsFailed);
        failure.Result!.Code.ShouldBe(LdapResultCode.Unavailable);
    }

    [Fact(Timeout = 600_000)]
    public async Task Refused_port_and_unknown_name_are_told_apart()
    {
        using var unused = new RefusingEndPoint();

        // The system's resolver takes the time that it takes.
        var options = new LdapOptions { ConnectTimeout = TimeSpan.FromMinutes(5) };
        (await ConnectAsync(new LdapServer("127.0.0.1", unused.EndPoint.Port)).ShouldEndWithAsync<LdapException>()).Kind.ShouldBe(LdapErrorKind.ConnectionRefused);
        (await ConnectAsync(new LdapServer("no-such-host.invalid", 636)).ShouldEndWithAsync<LdapException>()).Kind.ShouldBe(LdapErrorKind.NameNotResolved);

        Task<LdapConnection> ConnectAsync(LdapServer server) => LdapConnection.ConnectAsync(server, LdapCredential.Anonymous, options, TimeProvider.System, CancellationToken.None);
    }

    [Fact]
    public async Task Trust_is_read_from_PEM_files_and_an_empty_file_is_refused()
    {
        var directory = Directory.CreateTempSubdirectory("ldap-trust");
        try
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var root = new CertificateRequest("CN=Root", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));
            var good = Path.Combine(directory.FullName, "good.pem");
            var empty = Path.Combine(directory.FullName, "empty.pem");
            await File.WriteAllTextAsync(good, root.ExportCertificatePem());
            await File.WriteAllTextAsync(empty, "nothing");

            (await LdapTrust.FromPemFilesAsync([good], CancellationToken.None)).ShouldNotBeNull();
            (await LdapTrust.FromPemFilesAsync([good, empty], CancellationToken.None).ShouldEndWithAsync<ArgumentException>()).Message.ShouldContain("empty.pem");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    public void Dispose() => certificates.Dispose();

    private static Task<LdapConnection> ConnectAsync(ScriptedServer server, LdapOptions options) =>
        Requests.ConnectAsync(server, options, TimeProvider.System);
}
