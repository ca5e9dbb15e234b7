using System.Net;
using System.Net.Sockets;
using PasswordSync.Ldap.Tests.Support;
using Shouldly;

namespace PasswordSync.Ldap.Tests.Discovery;

/// <summary>DNS servers that do what real ones seldom do.</summary>
public sealed class DnsResolverTests : IDisposable
{
    private readonly Socket udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly TcpListener tcp = new(IPAddress.Loopback, 0);
    private readonly ManualClock clock = new();

    public DnsResolverTests()
    {
        tcp.Start();
        udp.Bind(EndPoint);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IPEndPoint EndPoint => (IPEndPoint)tcp.LocalEndpoint;

    public void Dispose()
    {
        udp.Dispose();
        tcp.Dispose();
    }

    [Fact(Timeout = 600_000)]
    public async Task Answer_that_does_not_fit_is_asked_for_by_TCP()
    {
        var finding = new DnsResolver([EndPoint], clock).FindAddressesAsync("dc1.beta.test", Cancellation);
        await AnswerByUdpAsync(question => Answer(question, truncated: true));
        using var client = await tcp.AcceptSocketAsync(Cancellation);
        var question = (await ReceiveAsync(client, length: 2 + 12 + 15 + 4))[2..];
        var answer = Answer(question, truncated: false);
        await client.SendAsync((byte[])[0, (byte)answer.Length, .. answer], Cancellation);

        (await finding).ShouldBe([IPAddress.Parse("10.0.0.7")]);
    }

    [Fact(Timeout = 600_000)]
    public async Task Messages_that_answer_something_else_are_passed_over()
    {
        var finding = new DnsResolver([EndPoint], clock).FindAddressesAsync("dc1.beta.test", Cancellation);
        await AnswerByUdpAsync(
            question => [.. Answer(question, truncated: false).Select((value, at) => at == 0 ? (byte)~value : value)],
            _ => [1, 2, 3],
            question => Answer(question, truncated: false));

        (await finding).ShouldBe([IPAddress.Parse("10.0.0.7")]);
    }

    [Fact(Timeout = 600_000)]
    public async Task Silent_server_gives_way_to_the_next_and_with_none_left_it_is_named()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var quiet = (IPEndPoint)silent.LocalEndPoint!;
        var finding = new DnsResolver([quiet, EndPoint], clock).FindAddressesAsync("dc1.beta.test", Cancellation);
        await clock.WhenArmedAsync(1);
        clock.Advance(DnsResolver.AnswerTimeout);
        await AnswerByUdpAsync(question => Answer(question, truncated: false));
        (await finding).ShouldBe([IPAddress.Parse("10.0.0.7")]);

        var failing = new DnsResolver([quiet], clock).FindAddressesAsync("dc1.beta.test", Cancellation);
        await clock.WhenArmedAsync(1);
        clock.Advance(DnsResolver.AnswerTimeout);
        (await failing.ShouldEndWithAsync<DnsException>()).Message.ShouldBe($"The DNS server {quiet} did not answer within 2 s for dc1.beta.test.");
    }

    [Fact(Timeout = 600_000)]
    public async Task Controllers_found_once_are_used_on_while_DNS_is_silent()
    {
        var locator = new DomainControllerLocator(new DomainControllerQuery { Domain = "beta.test", DnsServers = [EndPoint] }, clock);
        var finding = locator.FindAsync(Cancellation);
        await AnswerByUdpAsync(Services);
        await AnswerByUdpAsync(Services);
        await AnswerByUdpAsync(question => [.. Head(question, 2), 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 7, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 8]);
        var found = await finding;
        found.ShouldHaveSingleItem().ShouldBe(new LdapServer("dc1.beta.test", 389));
        found[0].Addresses.ShouldBe([IPAddress.Parse("10.0.0.7"), IPAddress.Parse("10.0.0.8")]);

        (await locator.FindAsync(Cancellation)).ShouldBeSameAs(found, "DNS was asked just now");
        clock.Advance(DomainControllerLocator.KeptFor);
        var again = locator.FindAsync(Cancellation);
        await AnswerByUdpAsync();
        await AnswerByUdpAsync();
        clock.Advance(DnsResolver.AnswerTimeout);
        (await again).ShouldBeSameAs(found);

        static byte[] Services(byte[] question) => question.AsSpan().IndexOf("pdc"u8) >= 0 ? Unknown(question) : [.. Head(question, 1), 0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 12, 0, 0, 0, 0, 1, 0x85, 3, (byte)'d', (byte)'c', (byte)'1', 0xC0, 33];
    }

    [Fact(Timeout = 600_000)]
    public async Task Global_Catalog_of_a_forest_is_asked_for_by_its_own_names_and_keeps_the_port_of_DNS()
    {
        var asked = new List<string>();
        var locator = new DomainControllerLocator(new DomainControllerQuery { Domain = "beta.test", DnsServers = [EndPoint], IsGlobalCatalog = true, Site = "berlin" }, clock);
        var finding = locator.FindAsync(Cancellation);
        await AnswerByUdpAsync(Services);
        await AnswerByUdpAsync(Services);
        await AnswerByUdpAsync(question => Answer(question, truncated: false));

        (await finding).ShouldBe([new LdapServer("dc1.beta.test", 3268)]);
        asked.Order().ShouldBe(["_ldap._tcp.berlin._sites.gc._msdcs.beta.test", "_ldap._tcp.gc._msdcs.beta.test"]);

        byte[] Services(byte[] question)
        {
            var name = string.Join('.', Labels(question));
            asked.Add(name);
            var domain = (byte)(12 + name.IndexOf("beta", StringComparison.Ordinal));
            return name.Contains("berlin", StringComparison.Ordinal) ? Unknown(question) : [.. Head(question, 1), 0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 12, 0, 0, 0, 0, 0x0C, 0xC4, 3, (byte)'d', (byte)'c', (byte)'1', 0xC0, domain];
        }

        static IEnumerable<string> Labels(byte[] question)
        {
            for (var at = 12; question[at] > 0; at += question[at] + 1) yield return System.Text.Encoding.ASCII.GetString(question, at + 1, question[at]);
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task Controllers_outside_the_domain_are_not_used_whatever_DNS_says()
    {
        var locator = new DomainControllerLocator(new DomainControllerQuery { Domain = "beta.test", DnsServers = [EndPoint], Preference = DomainControllerPreference.Site }, clock);
        var finding = locator.FindAsync(Cancellation);
        await AnswerByUdpAsync(question => [.. Head(question, 1), 0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 17, 0, 0, 0, 0, 1, 0x85, 4, (byte)'e', (byte)'v', (byte)'i', (byte)'l', 4, (byte)'t', (byte)'e', (byte)'s', (byte)'t', 0]);

        (await finding.ShouldEndWithAsync<LdapException>()).Message.ShouldContain("none of which may be used here: evil.test:389");
    }

    [Fact(Timeout = 600_000)]
    public async Task Server_that_refuses_leaves_the_question_to_the_next()
    {
        using var refusing = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        refusing.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var finding = new DnsResolver([(IPEndPoint)refusing.LocalEndPoint!, EndPoint], clock).FindAddressesAsync("dc1.beta.test", Cancellation);
        await AnswerByUdpAsync(refusing, question => [.. Answer(question, truncated: false).Select((value, at) => at == 3 ? (byte)5 : value)]);
        await AnswerByUdpAsync(question => Answer(question, truncated: false));

        (await finding).ShouldBe([IPAddress.Parse("10.0.0.7")]);
    }

    private Task AnswerByUdpAsync(params Func<byte[], byte[]>[] answers) => AnswerByUdpAsync(udp, answers);

    private static async Task AnswerByUdpAsync(Socket server, params Func<byte[], byte[]>[] answers)
    {
        var buffer = new byte[512];
        var question = await server.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), Cancellation);
        foreach (var answer in answers) await server.SendToAsync(answer(buffer[..question.ReceivedBytes]), SocketFlags.None, question.RemoteEndPoint, Cancellation);
    }

    private static async Task<byte[]> ReceiveAsync(Socket client, int length)
    {
        await using var stream = new NetworkStream(client, ownsSocket: false);
        var received = new byte[length];
        await stream.ReadExactlyAsync(received, Cancellation);
        return received;
    }

    private static byte[] Unknown(byte[] question)
    {
        var head = Head(question, 0);
        head[3] |= 3;
        return head;
    }

    /// <summary>One address.</summary>
    private static byte[] Answer(byte[] question, bool truncated)
    {
        var head = Head(question, truncated ? (byte)0 : (byte)1);
        if (!truncated) return [.. head, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 7];
        head[2] |= 0x02;
        return head;
    }

    private static byte[] Head(byte[] question, byte count)
    {
        var head = (byte[])question.Clone();
        head[2] |= 0x80;
        head[7] = count;
        return head;
    }
}
