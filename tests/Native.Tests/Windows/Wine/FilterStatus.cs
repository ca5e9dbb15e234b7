using System.Globalization;

namespace PasswordSync.Native.Tests.Windows.Wine;

/// <summary>The filter's numbers, in the order of native/Filter/windows/status.h.</summary>
internal sealed record FilterStatus(
    long StartedAt, long Process, long State, long FileFault, long FileLine, long FilesTaken, long Waiting, long Heard, long Skipped, long Nothing,
    long Captured, long Delivered, long Dropped, long Misses, long Stuck, long WrongServer,
    long LostNoSettings, long LostName, long LostPassword, long LostCryptography, long LostQueueFull, long LostFault, long Waits,
    long ThreadFaults, long WaitMilliseconds)
{
    public long Lost => LostNoSettings + LostName + LostPassword + LostCryptography + LostQueueFull + LostFault;

    public static FilterStatus Parse(string answer)
    {
        var words = answer.Split(' ');
        words[0].ShouldBe("done", answer);
        var values = words[1..].Select(word => (object)long.Parse(word, CultureInfo.InvariantCulture)).ToArray();
        return (FilterStatus)typeof(FilterStatus).GetConstructors().Single(constructor => constructor.GetParameters().Length > 1).Invoke(values);
    }
}
