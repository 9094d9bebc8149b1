using CtSeg.TrainingJob.Attention;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>The attention of those levels that attend; weights are named after the level. TorchSharp's own ModuleDict cannot be moved to another device.</summary>
internal sealed class AttentionOfLevels() : nn.Module(nameof(AttentionOfLevels))
{
    private readonly Dictionary<int, LshAttentionLayer> _layers = [];

    public IReadOnlyCollection<LshAttentionLayer> All => _layers.Values;

    /// <returns>Null where the level does not attend.</returns>
    public LshAttentionLayer? Of(int level) => _layers.GetValueOrDefault(level);

    public void Add(int level, LshAttentionLayer layer)
    {
        register_module($"level{level}", layer);
        _layers.Add(level, layer);
    }
}
