using System.Text.RegularExpressions;

namespace CtSeg.Local.Stack;

/// <summary>Collects the ports that a starting component names in its output.</summary>
/// <param name="pattern">With a group <c>port</c> and, where there are several, a group <c>service</c>.</param>
internal sealed class Announcements(Regex pattern, int expected)
{
    private readonly Dictionary<string, int> _ports = [];
    private readonly TaskCompletionSource<IReadOnlyDictionary<string, int>> _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the ports by service once all are named.</summary>
    public Task<IReadOnlyDictionary<string, int>> Complete => _complete.Task;

    public void Read(string line)
    {
        if (pattern.Match(line) is not { Success: true } match)
            return;
        lock (_ports)
        {
            _ports[match.Groups["service"].Value] = int.Parse(match.Groups["port"].Value, System.Globalization.CultureInfo.InvariantCulture);
            if (_ports.Count == expected)
                _complete.TrySetResult(_ports);
        }
    }
}
