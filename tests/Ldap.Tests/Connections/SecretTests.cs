using System.Text;
using PasswordSync.Ldap.Tests.Support;
using PasswordSync.Ldap.Wire;
using Shouldly;
using static PasswordSync.Ldap.Tests.Support.Requests;

namespace PasswordSync.Ldap.Tests.Connections;

public sealed class SecretTests
{
    private static readonly byte[] Canary = "Canary.Passw0rd"u8.ToArray();

    public static TheoryData<string> SecretRequests => ["bind", "unicodePwd", "userPassword;lang-en", "compare", "rfc3062"];

    [Theory(Timeout = 600_000)]
    [MemberData(nameof(SecretRequests))]
    public async Task Secrets_are_not_sent_over_a_clear_connection(string kind)
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            (await conversation.ReadAsync()).Operation.ShouldBe(Conversation.Unbind);
        });
        await using (var connection = await ConnectAsync(server, TimeProvider.System))
        {
            var failure = await SendAsync(connection, kind).ShouldEndWithAsync<LdapException>();

            failure.Kind.ShouldBe(LdapErrorKind.EncryptionRequired);
            failure.RequestWasSent.ShouldBe(LdapSent.No);
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task Deleting_a_password_attribute_as_a_whole_is_no_secret()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            await conversation.SendAsync(Answers.Modify((await conversation.ReadAsync()).Id, LdapResultCode.Success));
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);

        var result = await connection.ModifyAsync(new LdapModifyRequest("cn=x", LdapModification.Delete("userPassword")), CancellationToken.None);

        result.Code.ShouldBe(LdapResultCode.Success);
    }

    [Fact(Timeout = 600_000)]
    public async Task Message_is_wiped_once_it_is_written()
    {
        var stream = new KeepingStream();
        await using var pipeline = new LdapPipeline(stream, "test", PlainWithSecrets, firstMessageId: 1, TimeProvider.System);
        var request = new LdapModifyRequest("cn=x", LdapModification.Replace("unicodePwd", Canary));
        var ask = pipeline.AskAsync(request, new SingleResponse<LdapResult>(message => ResponseParser.Result(message, LdapTags.ModifyResponse)), isAlone: false, CancellationToken.None);

        // The second message is written after the first was dealt with.
        var second = pipeline.AskAsync(Read("dc=x"), new SingleResponse<int>(_ => 0), isAlone: false, CancellationToken.None);
        var written = await stream.WaitForWritesAsync(2);

        written[0].Copy.AsSpan().IndexOf(Canary).ShouldBeGreaterThan(0);
        written[0].Handed.Span.ContainsAnyExcept((byte)0).ShouldBeFalse();
        await pipeline.DisposeAsync();
        (await ask.ShouldEndWithAsync<LdapException>()).RequestWasSent.ShouldBe(LdapSent.Yes);
        await second.ShouldEndWithAsync<LdapException>();
    }

    [Fact]
    public void Withdrawn_message_is_wiped_and_cannot_be_taken()
    {
        var encoded = Canary.ToArray();
        var message = new OutgoingMessage(encoded);

        message.Withdraw().ShouldBe(LdapSent.No);

        encoded.ShouldAllBe(part => part == 0);
        message.TryTake().ShouldBeFalse();
    }

    [Fact]
    public void Message_under_way_is_not_wiped_by_who_gives_it_up()
    {
        var encoded = Canary.ToArray();
        var message = new OutgoingMessage(encoded);
        message.TryTake().ShouldBeTrue();

        message.Withdraw().ShouldBe(LdapSent.Maybe);
        encoded.ShouldBe(Canary);
        message.MarkWritten();
        message.Withdraw().ShouldBe(LdapSent.Yes);
    }

    [Fact]
    public void Credential_keeps_its_own_copy_and_wipes_it()
    {
        var password = Canary.ToArray();
        var credential = new SimpleCredential("cn=x", password);
        Array.Clear(password);
        credential.Password.SequenceEqual(Canary).ShouldBeTrue();
        credential.ToString().ShouldNotContain("Canary");

        credential.Dispose();

        Should.Throw<ObjectDisposedException>(() => credential.Password.Length);
    }

    [Fact]
    public void Bind_with_a_name_and_no_password_is_refused()
    {
        Should.Throw<ArgumentException>(() => new SimpleCredential("cn=x", []));
        Should.Throw<ArgumentException>(() => LdapPasswordModifyRequest.Reset("cn=x", default));
        Should.Throw<ArgumentException>(() => LdapPasswordModifyRequest.Change("cn=x", Canary, default));
        Should.Throw<ArgumentException>(() => LdapPasswordModifyRequest.Change("cn=x", default, Canary));
    }

    [Fact]
    public void Nothing_that_holds_a_secret_prints_it()
    {
        var attribute = new LdapAttribute("userPassword", [Canary]);
        object[] holders =
        [
            attribute,
            new LdapModification(LdapModificationKind.Replace, attribute),
            new LdapModifyRequest("cn=x", LdapModification.Replace("userPassword", Canary)),
            new LdapControl("1.2.3", false, Canary),
            LdapPasswordModifyRequest.Reset("cn=x", Canary),
            NegotiateCredential.FromPassword("name", Encoding.UTF8.GetString(Canary), "REALM"),
        ];

        foreach (var holder in holders) holder.ToString()!.ShouldNotContain("Canary");
    }

    [Fact(Timeout = 600_000)]
    public async Task Generated_password_is_returned_and_wiped_where_it_was_received()
    {
        byte[] received = [0x30, 0x06, 0x80, 0x04, .. "abcd"u8];

        PasswordModifyResponse.TakeGeneratedPassword(received).ShouldBe("abcd"u8.ToArray());

        received.ShouldBe([0x30, 0x06, 0x80, 0x04, 0, 0, 0, 0]);
        PasswordModifyResponse.TakeGeneratedPassword(new byte[] { 0x30, 0x00 }).ShouldBeNull();
        await Task.CompletedTask;
    }

    private static Task SendAsync(LdapConnection connection, string kind) => kind switch
    {
        "bind" => connection.BindAsync(new SimpleCredential("cn=x", Canary), CancellationToken.None),
        "compare" => connection.CompareAsync(new LdapCompareRequest("cn=x", "userPassword", Canary), CancellationToken.None),
        "rfc3062" => connection.PasswordModifyAsync(LdapPasswordModifyRequest.Reset("cn=x", Canary), CancellationToken.None),
        _ => connection.ModifyAsync(new LdapModifyRequest("cn=x", LdapModification.Replace(kind, Canary)), CancellationToken.None),
    };
}
