using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Helper;

[SupportedOSPlatform("linux")]
public sealed class DeliveryTests
{
    private const string Password = "Correct-Horse-7";

    /// <summary>
    /// Far above any wait-ms used here and far below the helper's own end: a loaded machine does not reach it, a helper that waits without its
    /// bound does.
    /// </summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    public DeliveryTests() => NativeBuild.SkipUnlessLinux();

    [Fact]
    public async Task Absent_edge_means_a_dropped_file()
    {
        using var site = new CaptureSite();

        var end = await HelperRun.RunAsync(site, Password);

        end.ExitCode.ShouldBe(HelperRun.Agrees);
        end.Error.ShouldContain("alice: captured into the drop folder, since on the socket: No such file or directory");
        OnlyDroppedFileHolds(site, Password);
    }

    [Fact]
    public async Task Socket_without_a_listener_means_a_dropped_file()
    {
        using var site = new CaptureSite();
        await using (EdgeDouble.Answering(site.Socket, EdgeDouble.Taken))
        {
        }

        // .NET removes the socket's file with the listener; a killed edge leaves it behind.
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint(site.Socket));
            var end = await HelperRun.RunAsync(site, Password);
            end.Error.ShouldContain("Connection refused");
        }

        OnlyDroppedFileHolds(site, Password);
    }

    [Fact]
    public async Task I8_silent_edge_holds_the_helper_no_longer_than_the_wait_and_means_a_dropped_file()
    {
        using var site = new CaptureSite();
        site.Set("wait-ms", "300");
        await using var edge = EdgeDouble.Silent(site.Socket);
        var start = Stopwatch.GetTimestamp();

        var end = await HelperRun.RunAsync(site, Password);

        Stopwatch.GetElapsedTime(start).ShouldBeInRange(TimeSpan.FromMilliseconds(300), Soon);
        end.ExitCode.ShouldBe(HelperRun.Agrees);
        end.Error.ShouldContain("the edge did not answer");
        OnlyDroppedFileHolds(site, Password);
    }

    [Fact]
    public async Task Edge_that_does_not_even_accept_means_a_dropped_file_after_the_wait()
    {
        using var site = new CaptureSite();
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(site.Socket));
        listener.Listen(8);
        var start = Stopwatch.GetTimestamp();

        (await HelperRun.RunAsync(site, Password)).ExitCode.ShouldBe(HelperRun.Agrees);

        Stopwatch.GetElapsedTime(start).ShouldBeInRange(TimeSpan.FromMilliseconds(200), Soon);
        OnlyDroppedFileHolds(site, Password);
    }

    [Fact]
    public async Task Full_queue_of_the_listener_means_a_dropped_file_after_the_wait()
    {
        using var site = new CaptureSite();
        using var queue = new FullQueue(site.Socket);
        var start = Stopwatch.GetTimestamp();

        (await HelperRun.RunAsync(site, Password)).ExitCode.ShouldBe(HelperRun.Agrees);

        Stopwatch.GetElapsedTime(start).ShouldBeInRange(TimeSpan.FromMilliseconds(200), Soon);
        OnlyDroppedFileHolds(site, Password);
    }

    [Fact]
    public async Task Queue_that_empties_within_the_wait_means_delivery()
    {
        NativeBuild.SkipUnlessRoot();
        using var site = new CaptureSite();
        site.Set("wait-ms", "5000");
        using var queue = new FullQueue(site.Socket);
        using var helper = HelperRun.Start(site);
        var finished = ProcessRun.FinishAsync(helper, Encoding.UTF8.GetBytes(Password), TestContext.Current.CancellationToken);
        await Observed.UntilAsync(() => Observed.SleepsBetweenAttempts(helper.Id));

        var envelope = await queue.TakeLastAsync();

        (await finished).Error.ShouldBeEmpty();
        Holds(site, envelope, Password);
        site.DroppedFiles.ShouldBeEmpty();
    }

    [Fact]
    public async Task Edge_that_answers_within_the_wait_takes_the_capture()
    {
        using var site = new CaptureSite();
        site.Set("wait-ms", "5000");
        var mayAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var edge = new EdgeDouble(site.Socket, async (connection, token) =>
        {
            await mayAnswer.Task.WaitAsync(token);
            await connection.SendAsync(new[] { EdgeDouble.Taken }, token);
        });

        var running = HelperRun.RunAsync(site, Password);
        Holds(site, await edge.NextEnvelopeAsync(), Password);
        running.IsCompleted.ShouldBeFalse();
        mayAnswer.SetResult();

        (await running).Error.ShouldBeEmpty();
        site.DroppedFiles.ShouldBeEmpty();
    }

    [Fact]
    public async Task Edge_that_answers_too_late_has_the_same_capture_as_the_dropped_file()
    {
        using var site = new CaptureSite();
        await using var edge = EdgeDouble.Silent(site.Socket);

        (await HelperRun.RunAsync(site, Password)).ExitCode.ShouldBe(HelperRun.Agrees);

        File.ReadAllBytes(site.DroppedFiles.ShouldHaveSingleItem()).ShouldBe(await edge.NextEnvelopeAsync());
    }

    [Fact]
    public async Task Edge_that_closes_without_an_answer_means_a_dropped_file()
    {
        using var site = new CaptureSite();
        site.Set("wait-ms", "5000");
        await using var edge = EdgeDouble.Dropping(site.Socket);

        var end = await HelperRun.RunAsync(site, Password);

        // At once: had it waited to the end, it would say that the edge did not answer.
        end.ExitCode.ShouldBe(HelperRun.Agrees);
        end.Error.ShouldContain("the edge closed the connection without an answer");
        OnlyDroppedFileHolds(site, Password);
    }

    [Theory]
    [InlineData(EdgeDouble.Refused, "the edge refused it")]
    [InlineData((byte)'?', "the edge did not answer")]
    public async Task Any_answer_but_taken_means_a_dropped_file(byte answer, string report)
    {
        using var site = new CaptureSite(isPatient: true);
        await using var edge = EdgeDouble.Answering(site.Socket, answer);

        var end = await HelperRun.RunAsync(site, Password);

        end.ExitCode.ShouldBe(HelperRun.Agrees);
        end.Error.ShouldContain(report);
        OnlyDroppedFileHolds(site, Password);
    }

    private static void OnlyDroppedFileHolds(CaptureSite site, string password)
    {
        var file = site.DroppedFiles.ShouldHaveSingleItem();
        Directory.EnumerateFileSystemEntries(site.DropFolder).Count().ShouldBe(1);
        File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var envelope = File.ReadAllBytes(file);
        Path.GetFileNameWithoutExtension(file).ShouldBe(Convert.ToHexStringLower(envelope.AsSpan(20, 16)));
        Holds(site, envelope, password);
    }

    private static void Holds(CaptureSite site, byte[] envelope, string password)
    {
        using var opened = site.Open(envelope).Password.ShouldNotBeNull();
        Encoding.UTF8.GetString(opened.Bytes).ShouldBe(password);
    }
}
