using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Training;

/// <summary>Adam with decoupled weight decay (arXiv:1711.05101), its default moments; its state has names, so it can be saved beside the weights.</summary>
internal sealed class AdamW : IDisposable
{
    private const double FirstDecay = 0.9;
    private const double SecondDecay = 0.999;
    private const double Epsilon = 1e-8;

    private readonly IReadOnlyList<(string Name, Tensor Parameter)> _parameters;
    private readonly double _weightDecay;

    public AdamW(IEnumerable<(string Name, Tensor Parameter)> parameters, double weightDecay)
    {
        _parameters = [.. parameters];
        _weightDecay = weightDecay;
        First = _parameters.ToDictionary(pair => pair.Name, pair => zeros_like(pair.Parameter).DetachFromDisposeScope());
        Second = _parameters.ToDictionary(pair => pair.Name, pair => zeros_like(pair.Parameter).DetachFromDisposeScope());
    }

    public IReadOnlyDictionary<string, Tensor> First { get; }
    public IReadOnlyDictionary<string, Tensor> Second { get; }

    /// <value>How often each parameter has had a gradient: one that joins later starts its moments then.</value>
    public Dictionary<string, long> Steps { get; } = [];

    /// <param name="learningRate">Of this step.</param>
    public void Step(double learningRate)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, parameter) in _parameters)
        {
            if (parameter.grad is not { } gradient)
                continue;
            var step = Steps[name] = Steps.GetValueOrDefault(name) + 1;
            var firstCorrection = 1 - Math.Pow(FirstDecay, step);
            var secondCorrection = Math.Sqrt(1 - Math.Pow(SecondDecay, step));
            // Biases and normalisation are not shrunk.
            if (parameter.dim() > 1)
                parameter.mul_(Kept(1 - (learningRate * _weightDecay)));
            First[name].mul_(Kept(FirstDecay)).add_(gradient, alpha: Kept(1 - FirstDecay));
            Second[name].mul_(Kept(SecondDecay)).addcmul_(gradient, gradient, value: Kept(1 - SecondDecay));
            var denominator = Second[name].sqrt().div_(Kept(secondCorrection)).add_(Kept(Epsilon), alpha: One);
            parameter.addcdiv_(First[name], denominator, value: Kept(-learningRate / firstCorrection));
        }
    }

    public void Dispose()
    {
        foreach (var moment in First.Values.Concat(Second.Values))
            moment.Dispose();
    }
}
